//! UniPC: a multistep predictor, and a corrector that uses the evaluation at the predicted state as well
//! (Zhao et al. 2023, algorithms 1 to 4, eqs. 3 and 9, with `B₁(h) = h` and `B₂(h) = e^h − 1`).
//!
//! Both integrate the polynomial in `λ = ln(alpha/sigma)` through their evaluations; `B(h)` is left in the formulae of
//! two evaluations only, where one weight is set to 1/2.

use super::exponential::{Curvature, Form, Rule, Slope, advance};
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// Order `predictor` without a corrector, `corrector + 1` with one; one evaluation per step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniPc {
    /// UniP-p: how many evaluations predict; at least 1.
    pub predictor: usize,
    /// UniC-p: how many evaluations correct, beside the one at the predicted state; 0 corrects nothing.
    pub corrector: usize,
    /// Data ("predict x0") or noise.
    pub form: Form,
    /// [`Slope::Midpoint`] is `B₂` ("bh2"), [`Slope::Half`] is `B₁` ("bh1").
    pub slope: Slope,
}

impl UniPc {
    /// UniPC of this order with its corrector, data form, `B₂`.
    pub const fn new(order: usize) -> Self {
        Self { predictor: order, corrector: order, form: Form::Data, slope: Slope::Midpoint }
    }

    fn rule(self) -> Rule {
        Rule { form: self.form, slope: self.slope, curvature: Curvature::EXACT }
    }
}

impl<X: State> Solver<X> for UniPc {
    fn memory(&self) -> usize {
        self.predictor.max(self.corrector + 1).max(1)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        let nodes: Vec<_> = past.iter().rev().take(self.predictor.max(1)).collect();
        advance(now, &nodes, now, step, self.rule())
    }

    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        let now = current(past);
        let Some(start) = past.len().checked_sub(2).map(|at| &past[at]) else { return Ok(None) };
        let h = now.level.half_log_snr() - start.level.half_log_snr();
        if self.corrector == 0 || !h.is_finite() {
            return Ok(None);
        }
        let before = past.iter().rev().skip(1).take(self.corrector);
        let nodes: Vec<_> = before.chain([now]).collect();
        let x = advance(start, &nodes, now, Step { to: now.level, fresh: 0.0 }, self.rule())?;
        Eval::moved(now, x, self.form).map(Some)
    }
}
