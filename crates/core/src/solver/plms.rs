//! PLMS: the Adams–Bashforth formulae for even steps applied to the noise, then the DDIM step
//! (Liu et al. 2022, PNDM, eqs. 11 and 12; with orders rising from 1 it is iPNDM, Zhang and Chen 2023, appendix H.2).
//!
//! Order 4: `noise = (55 n₀ − 59 n₁ + 37 n₂ − 9 n₃)/24`.

use super::{Eval, Output, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// The published weights by order, the newest evaluation first.
const WEIGHTS: [&[f64]; 4] = [
    &[1.0],
    &[3.0 / 2.0, -1.0 / 2.0],
    &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
    &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
];

/// One evaluation per step; of `order` where the steps are even in the coordinate in which DDIM is exact, `sigma/alpha`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plms {
    /// 1 to 4; other numbers count as the nearest of these.
    pub order: usize,
    /// What is averaged.
    pub output: Output,
}

impl<X: State> Solver<X> for Plms {
    fn memory(&self) -> usize {
        self.order.clamp(1, 4)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        let evals: Vec<_> = past.iter().rev().take(Solver::<X>::memory(self)).collect();
        let weights = WEIGHTS[evals.len() - 1];
        let terms: Vec<_> = weights.iter().copied().zip(evals).collect();
        self.output.transfer(now, &terms, step.before_noise())
    }
}
