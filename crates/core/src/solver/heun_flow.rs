//! Heun's method in flow time `t = sigma/(alpha + sigma)`: with `y = x/(alpha + sigma)`, `dy/dt = noise − clean`,
//! trapezoidal rule on the velocity. On rectified flow, where `alpha + sigma = 1`, this is Heun for the flow ODE.

use super::euler::remix;
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Level, Result, State};

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
        let sum = |level: Level| level.alpha + level.sigma;
        let time = |level: Level| level.sigma / sum(level);
        // noise − clean = x/sigma − clean · (alpha + sigma)/sigma at both ends.
        let half = 0.5 * sum(to) * (time(to) - time(now.level));
        X::combine(&[
            (sum(to) / sum(now.level) + half / now.level.sigma, &now.x),
            (-half * sum(now.level) / now.level.sigma, &now.clean),
            (half / to.sigma, &predicted),
            (-half * sum(to) / to.sigma, &clean),
        ])
    }
}
