//! The reverse-time equations: `dx = [f x − ½ (1 + λ²) g² ∇ ln p] dt + λ g dW̄`
//! (Anderson 1982 at `λ = 1`; Song et al. 2021, eqs. 6 and 13; Huang et al. 2021 in between).
//!
//! All of them have the marginals of the forward process; `λ = 0` is the probability-flow ODE.

use super::Forward;
use crate::{Level, Result, State};

/// The backward process with a share of noise.
#[derive(Clone, Copy, Debug)]
pub struct Reverse<'a> {
    forward: Forward<'a>,
    noise: f64,
}

impl<'a> Reverse<'a> {
    pub(super) fn new(forward: Forward<'a>, noise: f64) -> Self {
        Self { forward, noise }
    }

    /// The drift as `a · x + b · clean`: the coefficients `(a, b)`.
    ///
    /// With the score `(alpha · clean − x)/sigma²`; `a = f + ½ (1 + λ²) g²/sigma²`, `b = −½ (1 + λ²) g² alpha/sigma²`.
    pub fn coefficients(&self, t: f64) -> (f64, f64) {
        let Level { alpha, sigma } = self.forward.marginal(t);
        let pull = 0.5 * (1.0 + self.noise.powi(2)) * self.forward.variance_rate(t) / sigma.powi(2);
        (self.forward.drift(t) + pull, -pull * alpha)
    }

    /// The drift at a state whose clean estimate is known.
    ///
    /// # Errors
    /// What the states return.
    pub fn drift<X: State>(&self, x: &X, clean: &X, t: f64) -> Result<X> {
        let (a, b) = self.coefficients(t);
        X::combine(&[(a, x), (b, clean)])
    }

    /// `λ g(t)`.
    pub fn diffusion(&self, t: f64) -> f64 {
        self.noise * self.forward.diffusion(t)
    }

    /// `λ`.
    pub fn noise_share(&self) -> f64 {
        self.noise
    }

    /// The process that this one runs backwards.
    pub fn forward(&self) -> Forward<'a> {
        self.forward
    }
}
