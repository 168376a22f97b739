//! One stage of single-step DPM-Solver and DPM-Solver++: from the start of the step, through the evaluations made in it
//! (Lu et al. 2022, DPM-Solver, algorithms 1 and 2; DPM-Solver++, algorithm 1).
//!
//! `x' = c · x + A · (M₀ D₀ + M₁ D₁ + M₂ D₂)` with divided differences over the step's own evaluations.

use super::exponential::{Curvature, Form, Rule, Slope, advance};
use super::{Eval, Solver, Step, started};
use crate::{Denoiser, Result, State};

/// The stage that follows the `stage`-th evaluation of a step; the last stage of a method of order `p` is `stage = p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DpmSinglestepStage {
    /// 1 to 3; other numbers count as the nearest of these.
    pub stage: usize,
    /// DPM-Solver++ (data) or DPM-Solver (noise).
    pub form: Form,
    /// The first moment at stage 2. At stage 3, [`Slope::Midpoint`] means the exact first moment of the polynomial
    /// through the start and the last evaluation alone.
    pub slope: Slope,
    /// The second moment at stage 3, unless only two evaluations count.
    pub curvature: Curvature,
}

impl<X: State> Solver<X> for DpmSinglestepStage {
    fn memory(&self) -> usize {
        self.stage.clamp(1, 3)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let evals = started(past, Solver::<X>::memory(self))?;
        let mut rule = Rule { form: self.form, slope: self.slope, curvature: self.curvature };
        let nodes: Vec<_> = match (evals, self.slope) {
            ([start, _, last], Slope::Midpoint) => {
                rule.slope = Slope::Exact;
                vec![start, last]
            }
            _ => evals.iter().collect(),
        };
        advance(&evals[0], &nodes, &evals[evals.len() - 1], step, rule)
    }
}
