//! The stochastic differential equation of a schedule, `dx = f(t) x dt + g(t) dW`, and the equations that run it backwards
//! (Song et al. 2021, eqs. 5, 6 and 13; Anderson 1982).
//!
//! `f = d ln alpha/dt`, `g² = d(sigma²)/dt − 2 f sigma²`. Time runs from 0, data, to 1, noise.

mod brownian;
mod ito;
mod reverse;
mod sampler;

pub use brownian::{Brownian, BrownianNoise};
pub use ito::{Increment, Ito, Scheme};
pub use reverse::Reverse;
pub use sampler::{Predictor, corrector_size, langevin_corrector};

use crate::{Level, Result, Schedule, State};

/// The forward process of a schedule.
///
/// ```
/// use langevin_core::{sde::Forward, Vp};
///
/// let (vp, t) = (Vp::default(), 0.5);
/// let sde = Forward::new(&vp);
/// // dx = −½ β x dt + √β dW with β(½) = 10.05.
/// assert!((sde.drift(t) + 0.5 * 10.05).abs() < 1e-12);
/// assert!((sde.diffusion(t).powi(2) - 10.05).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    schedule: &'a dyn Schedule,
}

impl<'a> Forward<'a> {
    /// The equation whose marginals are the schedule's levels.
    pub fn new(schedule: &'a dyn Schedule) -> Self {
        Self { schedule }
    }

    /// `f(t)`: the drift is `f · x`.
    pub fn drift(&self, t: f64) -> f64 {
        self.schedule.rates(t).log_alpha
    }

    /// `g(t)`; 0 where rounding makes its square negative.
    pub fn diffusion(&self, t: f64) -> f64 {
        self.variance_rate(t).max(0.0).sqrt()
    }

    /// `g(t)²`.
    pub fn variance_rate(&self, t: f64) -> f64 {
        let (rates, level) = (self.schedule.rates(t), self.schedule.level(t));
        if level.sigma == 0.0 {
            rates.variance
        } else {
            rates.variance - 2.0 * rates.log_alpha * level.sigma.powi(2)
        }
    }

    /// `p(x_t | clean) = N(alpha · clean, sigma²)`.
    pub fn marginal(&self, t: f64) -> Level {
        self.schedule.level(t)
    }

    /// The level at `t = 1`; for data of unit variance about zero the prior is `N(0, alpha² + sigma²)`.
    pub fn prior(&self) -> Level {
        self.schedule.level(1.0)
    }

    /// `p(x_to | x_from) = N(keep · x_from, noise²)` for `from ≤ to`: `(keep, noise)`.
    pub fn transition(&self, from: f64, to: f64) -> (f64, f64) {
        let (low, high) = (self.marginal(from), self.marginal(to));
        (high.alpha / low.alpha, crate::plan::rising_noise(low, high))
    }

    /// The score `∇ ln p_t(x) = (alpha · E[clean | x] − x)/sigma²`.
    ///
    /// # Errors
    /// What the states return.
    pub fn score<X: State>(&self, x: &X, clean: &X, t: f64) -> Result<X> {
        let Level { alpha, sigma } = self.marginal(t);
        X::combine(&[(-1.0 / sigma.powi(2), x), (alpha / sigma.powi(2), clean)])
    }

    /// The process run backwards, with a share `λ²` of its noise.
    pub fn reverse(&self, noise: f64) -> Reverse<'a> {
        Reverse::new(*self, noise)
    }
}
