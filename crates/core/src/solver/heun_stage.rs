//! The second stage of [`Heun`](super::Heun): the trapezoidal rule in `s = sigma/alpha`, once the end that
//! [`Euler`](super::Euler) predicted has been evaluated (Karras et al. 2022, algorithm 1, lines 7 and 8).
//!
//! `x'/alpha' = x/alpha + (s' − s) · (noise + noise')/2`.

use super::{Eval, Solver, Step, started};
use crate::{Denoiser, Result, State};

/// Replaces the state at the level of `past.last()`, from the step's start at `past[len − 2]`.
///
/// With fresh noise the end that was evaluated is the one before it: `step.before_noise()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeunStage;

impl<X: State> Solver<X> for HeunStage {
    fn memory(&self) -> usize {
        2
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let (to, ends) = (step.before_noise(), started(past, 2)?);
        trapezoid(&ends[0], &ends[1], to.alpha)
    }
}

/// `alpha' · (x/alpha + (s' − s) · (noise + noise')/2)` with the noises of two evaluations.
pub(super) fn trapezoid<X: State>(now: &Eval<X>, next: &Eval<X>, alpha: f64) -> Result<X> {
    let half = 0.5 * alpha * (next.level.ratio() - now.level.ratio());
    X::combine(&[
        (alpha / now.level.alpha + half / now.level.sigma, &now.x),
        (-half * now.level.alpha / now.level.sigma, &now.clean),
        (half / next.level.sigma, &next.x),
        (-half * next.level.alpha / next.level.sigma, &next.clean),
    ])
}
