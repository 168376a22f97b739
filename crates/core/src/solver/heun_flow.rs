//! Heun's method in flow time `t = sigma/(alpha + sigma)`: with `y = x/(alpha + sigma)`, `dy/dt = noise − clean`,
//! trapezoidal rule on the velocity. On rectified flow, where `alpha + sigma = 1`, this is Heun for the flow ODE.

use super::euler::remix;
use super::heun_flow_stage::trapezoid;
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// Second order, two evaluations per step (one for the last step to clean data); finite at pure noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeunFlow;

impl<X: State> Solver<X> for HeunFlow {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        let (now, to) = (current(past), step.before_noise());
        let predicted = remix(now.level, &now.x, &now.clean, to)?;
        if to.sigma == 0.0 || now.level.sigma == 0.0 {
            return Ok(predicted);
        }
        let clean = denoiser.denoise(&predicted, to)?;
        let next = Eval { level: to, x: predicted, clean };
        trapezoid(now, &next, to)
    }
}
