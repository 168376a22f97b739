//! From one noise level to the next: a [`Solver`] is a stateless value that combines states and denoised estimates.
//!
//! First-order sampling of the whole family is one formula ([`Euler`]); the second-order solvers name the coordinate
//! they integrate in.

mod any;
mod dpm_2m;
mod euler;
mod heun;
mod heun_flow;

pub use any::AnySolver;
pub use dpm_2m::Dpm2M;
pub use euler::Euler;
pub use heun::Heun;
pub use heun_flow::HeunFlow;

use crate::{Denoiser, Level, Result, State};

/// One call of the denoiser.
#[derive(Clone, Debug)]
pub struct Eval<X> {
    /// The level of the state.
    pub level: Level,
    /// The state.
    pub x: X,
    /// `E[clean | x]`.
    pub clean: X,
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The next level.
    pub to: Level,
    /// Standard deviation of the noise that the driver adds after the step, at most `to.sigma`.
    pub fresh: f64,
}

impl Step {
    /// The level the solver itself reaches: fresh noise brings it to `to`.
    pub fn before_noise(self) -> Level {
        // (σ − f)(σ + f) rather than σ² − f²: no cancellation where nearly all noise is drawn anew.
        let kept = ((self.to.sigma - self.fresh) * (self.to.sigma + self.fresh)).max(0.0).sqrt();
        Level::new(self.to.alpha, kept)
    }
}

/// A method of integration.
pub trait Solver<X: State> {
    /// How many evaluations it looks back on, the current one included.
    fn memory(&self) -> usize;

    /// The state at `step.before_noise()`, from the evaluations so far (`past.last()` is the current one).
    ///
    /// # Errors
    /// What the denoiser or the states return.
    ///
    /// # Panics
    /// Where `past` is empty.
    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X>;
}

/// The evaluation a step starts from.
fn current<X>(past: &[Eval<X>]) -> &Eval<X> {
    past.last().expect("a step starts from an evaluation")
}

/// Standard deviation of the noise drawn anew on the way `from → to`: `eta` times that of the posterior
/// `q(x_to | x_from, clean)`, `sigma' · √(1 − (alpha · sigma' / (alpha' · sigma))²)`.
///
/// On variance-preserving levels this is DDIM's `η √((1−ᾱ')/(1−ᾱ)) √(1 − ᾱ/ᾱ')` (Song et al. 2021, eq. 16),
/// which is DDPM's posterior at `eta = 1`; on variance-exploding ones it is ancestral Euler's `sigma_up`.
///
/// At most `sigma'`, whatever `eta`; 0 where the levels do not fall.
pub fn posterior_noise(from: Level, to: Level, eta: f64) -> f64 {
    if to.sigma == 0.0 || eta == 0.0 {
        return 0.0;
    }
    let share = (from.alpha * to.sigma) / (to.alpha * from.sigma);
    (eta * to.sigma * ((1.0 - share) * (1.0 + share)).max(0.0).sqrt()).min(to.sigma)
}
