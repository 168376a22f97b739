//! DPM-Solver++(2M): the clean estimate extrapolated linearly in `λ = ln(alpha/sigma)` from two evaluations
//! (Lu et al. 2022, DPM-Solver++, algorithm 2); with fresh noise its SDE form, SDE-DPM-Solver++(2M) (eq. 18).
//!
//! `D = clean + h/(2 h_prev) · (clean − clean_prev)`, `x' = (sigma'/sigma) · x + (alpha' − sigma' · alpha/sigma) · D`.

use super::euler::remix;
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Result, State};

/// Second order, one evaluation per step; first order where `λ` is infinite: from pure noise and to clean data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dpm2M;

impl<X: State> Solver<X> for Dpm2M {
    fn memory(&self) -> usize {
        2
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let (now, to) = (current(past), step.before_noise());
        let before = past.len().checked_sub(2).map(|at| &past[at]);
        // λ runs between the levels themselves; fresh noise changes only what is kept of the old noise.
        let h = step.to.half_log_snr() - now.level.half_log_snr();
        let weight = before.map_or(0.0, |before| {
            0.5 * h / (now.level.half_log_snr() - before.level.half_log_snr())
        });
        match before {
            Some(before) if weight.is_finite() && weight != 0.0 => {
                let extrapolated =
                    X::combine(&[(1.0 + weight, &now.clean), (-weight, &before.clean)])?;
                remix(now.level, &now.x, &extrapolated, to)
            }
            _ => remix(now.level, &now.x, &now.clean, to),
        }
    }
}
