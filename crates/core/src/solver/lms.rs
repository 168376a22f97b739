//! LMS: Adams–Bashforth in the coordinate `s = sigma/alpha` with exact weights for uneven steps
//! (the linear multistep sampler of k-diffusion; Hairer, Nørsett and Wanner 1993, §III.5).
//!
//! `x'/alpha' = x/alpha + Σ_j w_j · noise_j`, `w_j = ∫_s^{s'} ℓ_j(u) du` with the Lagrange polynomials of the last levels.

use super::exponential::quadrature;
use super::{Eval, Solver, Step, current};
use crate::solver::euler::remix;
use crate::{Denoiser, Level, Result, State};

/// One evaluation per step, of `order`; first order from pure noise, where `s` is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lms {
    /// At least 1; usually at most 4.
    pub order: usize,
}

impl Lms {
    /// The weights `w_j` of the noises at the ratios `sigma/alpha` in `from`, the current one first, for a step to the
    /// ratio `to`.
    pub fn weights(from: &[f64], to: f64) -> Vec<f64> {
        let now = from.first().copied().unwrap_or(to);
        let length = to - now;
        let places: Vec<f64> = from.iter().map(|ratio| (ratio - now) / length).collect();
        let moments = (1..=from.len()).map(|k| length / k as f64).collect();
        quadrature(&places, moments)
    }
}

impl<X: State> Solver<X> for Lms {
    fn memory(&self) -> usize {
        self.order.max(1)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let (now, to) = (current(past), step.before_noise());
        let length = to.ratio() - now.level.ratio();
        if !length.is_finite() || length == 0.0 {
            return remix(now.level, &now.x, &now.clean, to);
        }
        let place = |eval: &Eval<X>| (eval.level.ratio() - now.level.ratio()) / length;
        let nodes: Vec<_> = past
            .iter()
            .rev()
            .take(self.order.max(1))
            .filter(|eval| place(eval).is_finite() && eval.level.sigma > 0.0)
            .collect();
        let ratios: Vec<f64> = nodes.iter().map(|eval| eval.level.ratio()).collect();
        let weights = Self::weights(&ratios, to.ratio());
        let mut terms = vec![(to.alpha / now.level.alpha, &now.x)];
        for (eval, weight) in nodes.iter().zip(weights) {
            let Level { alpha, sigma } = eval.level;
            terms.push((to.alpha * weight / sigma, &eval.x));
            terms.push((-to.alpha * weight * alpha / sigma, &eval.clean));
        }
        X::combine(&terms)
    }
}
