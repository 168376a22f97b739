//! The four stages of PRK, the pseudo Runge–Kutta method that starts PNDM (Liu et al. 2022, PNDM, eq. 13):
//! each is a DDIM step from the start, the first two to the middle and the others to the end.
//!
//! The last one uses `noise = (n₁ + 2 n₂ + 2 n₃ + n₄)/6`.

use super::{Eval, Output, Solver, Step, started};
use crate::{Denoiser, Result, State};

/// The stage that follows the `stage`-th evaluation of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrkStage {
    /// 1 to 4; other numbers count as the nearest of these.
    pub stage: usize,
    /// What is averaged.
    pub output: Output,
}

impl<X: State> Solver<X> for PrkStage {
    fn memory(&self) -> usize {
        self.stage.clamp(1, 4)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let evals = started(past, Solver::<X>::memory(self))?;
        let terms: Vec<_> = match evals {
            [a, b, c, d] => {
                [1.0, 2.0, 2.0, 1.0].map(|w| w / 6.0).into_iter().zip([a, b, c, d]).collect()
            }
            _ => vec![(1.0, &evals[evals.len() - 1])],
        };
        self.output.transfer(&evals[0], &terms, step.before_noise())
    }
}
