//! The second stage of [`HeunFlow`](super::HeunFlow): the trapezoidal rule in flow time `t = sigma/(alpha + sigma)`,
//! once the end that [`Euler`](super::Euler) predicted has been evaluated.
//!
//! With `y = x/(alpha + sigma)`: `y' = y + (t' − t) · (v + v')/2`, `v = noise − clean` (Lipman et al. 2023, eq. 1, by Heun).

use super::{Eval, Solver, Step, started};
use crate::{Denoiser, Level, Result, State};

/// Replaces the state at the level of `past.last()`, from the step's start at `past[len − 2]`.
///
/// With fresh noise the end that was evaluated is the one before it: `step.before_noise()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeunFlowStage;

impl<X: State> Solver<X> for HeunFlowStage {
    fn memory(&self) -> usize {
        2
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let (to, ends) = (step.before_noise(), started(past, 2)?);
        trapezoid(&ends[0], &ends[1], to)
    }
}

/// `(alpha' + sigma') · (y + (t' − t) · (v + v')/2)` with the velocities of two evaluations.
pub(super) fn trapezoid<X: State>(now: &Eval<X>, next: &Eval<X>, to: Level) -> Result<X> {
    let sum = |level: Level| level.alpha + level.sigma;
    let time = |level: Level| level.sigma / sum(level);
    // noise − clean = x/sigma − clean · (alpha + sigma)/sigma at both ends.
    let half = 0.5 * sum(to) * (time(next.level) - time(now.level));
    X::combine(&[
        (sum(to) / sum(now.level) + half / now.level.sigma, &now.x),
        (-half * sum(now.level) / now.level.sigma, &now.clean),
        (half / next.level.sigma, &next.x),
        (-half * sum(next.level) / next.level.sigma, &next.clean),
    ])
}
