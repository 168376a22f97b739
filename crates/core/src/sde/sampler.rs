//! One-step predictors and the Langevin corrector of score-based models (Song et al. 2021, algorithms 1 to 5, appendix G),
//! as combinations of the state, its clean estimate and noise.

use super::Reverse;
use crate::{Level, Result, State};

/// How the reverse equation is stepped from time `t` to `to < t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    /// Euler–Maruyama on the reverse equation.
    EulerMaruyama,
    /// The reverse of the discretised forward process: `x − (f x + …)` with the forward step's own coefficients (eq. 46).
    ReverseDiffusion,
}

impl Predictor {
    /// The state at `to` from one at `t`, its clean estimate, and standard normal noise.
    ///
    /// # Errors
    /// What the states return.
    pub fn step<X: State>(
        self,
        sde: &Reverse<'_>,
        x: &X,
        clean: &X,
        [t, to]: [f64; 2],
        noise: &X,
    ) -> Result<X> {
        match self {
            Self::EulerMaruyama => {
                let (a, b) = sde.coefficients(t);
                let h = t - to;
                let spread = sde.diffusion(t) * h.sqrt();
                X::combine(&[(1.0 - a * h, x), (-b * h, clean), (spread, noise)])
            }
            Self::ReverseDiffusion => {
                // Forward: x_t = keep · x_to + spread · z; backward: x_to = (2 − keep) x_t + pull · spread² · score + …
                let (keep, spread) = sde.forward().transition(to, t);
                let share = sde.noise_share();
                let Level { alpha, sigma } = sde.forward().marginal(t);
                let pull = 0.5 * (1.0 + share.powi(2)) * (spread / sigma).powi(2);
                let terms =
                    [(2.0 - keep - pull, x), (pull * alpha, clean), (share * spread, noise)];
                X::combine(&terms)
            }
        }
    }
}

/// One Langevin step at a fixed level: `x + ε · score + √(2ε) · z` with `ε = size`, often that of [`corrector_size`].
///
/// # Errors
/// What the states return.
pub fn langevin_corrector<X: State>(
    x: &X,
    clean: &X,
    at: Level,
    size: f64,
    noise: &X,
) -> Result<X> {
    let pull = size / at.sigma.powi(2);
    X::combine(&[(1.0 - pull, x), (pull * at.alpha, clean), ((2.0 * size).sqrt(), noise)])
}

/// The step size of a target signal-to-noise ratio `r`: `2 · keep · (r · ‖z‖/‖score‖)²`, with `keep` 1, or `1 − β` on
/// variance-preserving steps (Song et al. 2021, algorithms 4 and 5).
pub fn corrector_size(ratio: f64, keep: f64, noise_norm: f64, score_norm: f64) -> f64 {
    2.0 * keep * (ratio * noise_norm / score_norm).powi(2)
}
