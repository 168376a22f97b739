//! The multistep methods of DPM-Solver and DPM-Solver++, orders 1 to 3, with their SDE forms: the polynomial through the
//! last evaluations in `λ = ln(alpha/sigma)`, integrated against the exponential (Lu et al. 2022, DPM-Solver++,
//! algorithm 2 and appendix A; with fresh noise SDE-DPM-Solver++, eq. 18, and SDE-DPM-Solver).
//!
//! Order 2 in data form: `x' = (sigma'/sigma) · x + alpha' (1 − e^{−h}) · (D₀ + D₁/2)`, `D₁ = h (D₀ − D_prev)/h_prev`.

use super::exponential::{Curvature, Form, Rule, Slope, advance};
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// One evaluation per step; of `order`, with fewer evaluations to look back on of a lower one.
///
/// The noise form takes any fresh noise; `sigma' · √(e^{2h} − 1)` makes it SDE-DPM-Solver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DpmMultistep {
    /// 1 to 3; other numbers count as the nearest of these.
    pub order: usize,
    /// DPM-Solver++ (data) or DPM-Solver (noise).
    pub form: Form,
    /// The first moment at order 2.
    pub slope: Slope,
    /// The second moment at order 3.
    pub curvature: Curvature,
}

impl<X: State> Solver<X> for DpmMultistep {
    fn memory(&self) -> usize {
        self.order.clamp(1, 3)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        let nodes: Vec<_> = past.iter().rev().take(Solver::<X>::memory(self)).collect();
        let rule = Rule { form: self.form, slope: self.slope, curvature: self.curvature };
        advance(now, &nodes, now, step, rule)
    }
}
