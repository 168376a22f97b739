//! The repeated first step of PLMS without Runge–Kutta: the mean of the outputs at both ends, from the step's start
//! (Liu et al. 2022, PNDM, appendix; the "skip PRK" start of Stable Diffusion's sampler).
//!
//! `noise = (n₀ + n₁)/2`.

use super::{Eval, Output, Solver, Step, started};
use crate::{Denoiser, Result, State};

/// Replaces the state at the level of `past.last()`, from the step's start at `past[len − 2]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlmsStage {
    /// What is averaged.
    pub output: Output,
}

impl<X: State> Solver<X> for PlmsStage {
    fn memory(&self) -> usize {
        2
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let ends = started(past, 2)?;
        let terms = [(0.5, &ends[0]), (0.5, &ends[1])];
        self.output.transfer(&ends[0], &terms, step.before_noise())
    }
}
