//! DEIS with polynomials in `ln(sigma/alpha)`: exponential Adams–Bashforth on the noise
//! (Zhang and Chen 2023, eqs. 15 and 16, the variant `ρAB` with log `ρ`).
//!
//! `x'/alpha' = x/alpha + Σ_j C_j · noise_j`, `C_j = ∫ ℓ_j(ln ρ) dρ` from `ρ = sigma/alpha` to `ρ'`.

use super::exponential::{Form, Rule, advance};
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// One evaluation per step, of `order`; first order from pure noise and to clean data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deis {
    /// At least 1; the published orders are 1 to 4.
    pub order: usize,
}

impl<X: State> Solver<X> for Deis {
    fn memory(&self) -> usize {
        self.order.max(1)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = current(past);
        let nodes: Vec<_> = past.iter().rev().take(self.order.max(1)).collect();
        advance(now, &nodes, now, step, Rule { form: Form::Noise, ..Rule::default() })
    }
}
