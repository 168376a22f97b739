//! The first-order step of the whole family: keep the clean estimate and the implied noise, mix them again.
//!
//! `x' = alpha' · clean + sigma' · noise`, `noise = (x − alpha · clean)/sigma`.
//! This is DDIM (Song et al. 2021, eq. 12), Euler for the variance-exploding and the flow ODE and first-order
//! DPM-Solver++; with fresh noise the DDPM posterior, ancestral Euler, LCM and first-order SDE-DPM-Solver++.

use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Level, Result, State};

/// First order, one evaluation per step; the same step in every coordinate (`sigma/alpha`, flow time, …).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Euler;

impl<X: State> Solver<X> for Euler {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        remix(now.level, &now.x, &now.clean, step.before_noise())
    }
}

/// `alpha' · clean + sigma' · noise` as a combination of `x` and `clean`; from clean data the noise counts as 0.
pub(super) fn remix<X: State>(from: Level, x: &X, clean: &X, to: Level) -> Result<X> {
    if from.sigma == 0.0 {
        return X::combine(&[(to.alpha, clean)]);
    }
    let kept = to.sigma / from.sigma;
    X::combine(&[(kept, x), (to.alpha - kept * from.alpha, clean)])
}
