//! The classical Runge–Kutta method in the coordinate `s = sigma/alpha`: `d(x/alpha)/ds = noise`
//! (Kutta 1901; the oracle of the other solvers' orders).
//!
//! `x'/alpha' = x/alpha + (s' − s)/6 · (n₁ + 2 n₂ + 2 n₃ + n₄)`, with `n₂`, `n₃` at the middle of `s`.

use super::{Euler, Eval, Output, PrkStage, Solver, Step, current};
use crate::{Denoiser, Level, Result, State};

/// Fourth order, four evaluations per step; first order from pure noise and to clean data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rk4;

impl<X: State> Solver<X> for Rk4 {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        let (now, to) = (current(past), step.before_noise());
        if to.sigma == 0.0 || !now.level.half_log_snr().is_finite() || to.alpha == 0.0 {
            return Euler.step(past, step, denoiser);
        }
        let ratio = 0.5 * (now.level.ratio() + to.ratio());
        let middle = Level::between(now.level, to, ratio);
        let mut evals = vec![now.clone()];
        for (stage, level) in [(1, middle), (2, middle), (3, to)] {
            let solver = PrkStage { stage, output: Output::Noise };
            let x = solver.step(&evals, Step { to: level, fresh: 0.0 }, denoiser)?;
            let clean = denoiser.denoise(&x, level)?;
            evals.push(Eval { level, x, clean });
        }
        let solver = PrkStage { stage: 4, output: Output::Noise };
        solver.step(&evals, Step { to, fresh: 0.0 }, denoiser)
    }
}
