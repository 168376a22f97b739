//! Single-step DPM-Solver and DPM-Solver++ as whole steps: inner evaluations at `λ + h/2` (order 2), or at `λ + h/3` and
//! `λ + 2h/3` (order 3) (Lu et al. 2022, DPM-Solver, algorithms 1 and 2; DPM-Solver++, algorithm 1).
//!
//! Order 2 in noise form is `x' = (alpha'/alpha) · x − sigma' (e^h − 1) · noise(x_{λ + h/2})`.

use super::exponential::{Curvature, Form, Slope};
use super::{DpmSinglestepStage, Euler, Eval, Solver, Step, current};
use crate::{Denoiser, Level, Result, State};

/// As many evaluations per step as its order; first order where the step is infinitely long in `λ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DpmSinglestep {
    /// 1 to 3; other numbers count as the nearest of these.
    pub order: usize,
    /// DPM-Solver++ (data) or DPM-Solver (noise).
    pub form: Form,
    /// Midpoint at order 2 is the published form; at order 3 it is the form with two evaluations in the last stage.
    pub slope: Slope,
}

impl<X: State> Solver<X> for DpmSinglestep {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        let order = self.order.clamp(1, 3);
        let now = current(past);
        // Fresh noise belongs to the end of the step: inside, the step is the one to the level before it.
        let end = step.before_noise();
        let length = end.half_log_snr() - now.level.half_log_snr();
        if !length.is_finite() || length == 0.0 {
            return Euler.step(past, step, denoiser);
        }
        let (form, slope) = (self.form, self.slope);
        let mut evals = vec![now.clone()];
        for stage in 1..=order {
            let solver = DpmSinglestepStage { stage, form, slope, curvature: Curvature::EXACT };
            if stage == order {
                return solver.step(&evals, Step { to: end, fresh: 0.0 }, denoiser);
            }
            let level = {
                let ratio = now.level.ratio() * (-length * stage as f64 / order as f64).exp();
                Level::between(now.level, end, ratio)
            };
            let x = solver.step(&evals, Step { to: level, fresh: 0.0 }, denoiser)?;
            let clean = denoiser.denoise(&x, level)?;
            evals.push(Eval { level, x, clean });
        }
        Euler.step(past, step, denoiser)
    }
}
