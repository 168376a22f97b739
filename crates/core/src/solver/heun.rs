//! Heun's method in the coordinate `s = sigma/alpha` of EDM (Karras et al. 2022, algorithm 1 without churn):
//! `d(x/alpha)/ds = noise`, trapezoidal rule on the noise.

use super::euler::remix;
use super::heun_stage::trapezoid;
use super::{Eval, HeunFlow, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// Second order, two evaluations per step (one for the last step to clean data).
///
/// From or to pure noise, where `s` is infinite, the step is made in flow time ([`HeunFlow`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heun;

impl<X: State> Solver<X> for Heun {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        let (now, to) = (current(past), step.before_noise());
        if now.level.alpha == 0.0 || to.alpha == 0.0 {
            return HeunFlow.step(past, step, denoiser);
        }
        let predicted = remix(now.level, &now.x, &now.clean, to)?;
        if to.sigma == 0.0 || now.level.sigma == 0.0 {
            return Ok(predicted);
        }
        let clean = denoiser.denoise(&predicted, to)?;
        trapezoid(now, &Eval { level: to, x: predicted, clean }, to.alpha)
    }
}
