//! TCD: strategic stochastic sampling of consistency models (Zheng et al. 2024, algorithm 4): jump to a cleaner level
//! than the next one, then draw noise up to it.
//!
//! With `γ` the model's output is moved to the level at time `(1 − γ) · t'`, and noise brings it to `t'`.

use super::{Eval, Solver, Step, current};
use crate::solver::euler::remix;
use crate::{Denoiser, Level, Result, State};

/// First order, one evaluation per step. `γ = 0` is deterministic, `γ = 1` is multistep consistency sampling (LCM).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tcd {
    /// The level of the jump: the schedule's at time `(1 − γ) · t'`.
    pub jump: Level,
}

impl Tcd {
    /// What the driver draws anew to go from the jump's level to `to`: `√(sigma'² − (alpha'/alpha_jump · sigma_jump)²)`.
    pub fn fresh(self, to: Level) -> f64 {
        let kept = to.alpha / self.jump.alpha * self.jump.sigma;
        ((to.sigma - kept) * (to.sigma + kept)).max(0.0).sqrt()
    }
}

impl<X: State> Solver<X> for Tcd {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        let jumped = remix(now.level, &now.x, &now.clean, self.jump)?;
        X::combine(&[(step.to.alpha / self.jump.alpha, &jumped)])
    }
}
