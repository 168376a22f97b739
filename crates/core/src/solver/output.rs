//! The quantity that pseudo-numerical methods average: the network's noise or `v`, put into the DDIM step once
//! (Liu et al. 2022, PNDM, eq. 11).

use super::Eval;
use crate::{Level, Result, State};

/// What is averaged before the step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// The noise.
    #[default]
    Noise,
    /// `v = alpha · noise − sigma · clean` at each evaluation's own level.
    V,
}

impl Output {
    /// The DDIM step from `start` to `to` with the weighted sum of the outputs of `evals`.
    ///
    /// From pure noise (`alpha = 0`), where noise says nothing about the data, with the first evaluation's clean data.
    pub(super) fn transfer<X: State>(
        self,
        start: &Eval<X>,
        evals: &[(f64, &Eval<X>)],
        to: Level,
    ) -> Result<X> {
        let from = start.level;
        if from.alpha == 0.0 && self == Self::Noise {
            return super::euler::remix(from, &start.x, &start.clean, to);
        }
        // clean = p · x + q · output: the inverse of the prediction's row.
        let (on_x, on_output) = match self {
            Self::Noise => (to.alpha / from.alpha, to.sigma - to.alpha * from.sigma / from.alpha),
            Self::V => {
                let norm = from.alpha.powi(2) + from.sigma.powi(2);
                (
                    (to.alpha * from.alpha + to.sigma * from.sigma) / norm,
                    (to.sigma * from.alpha - to.alpha * from.sigma) / norm,
                )
            }
        };
        let mut terms = vec![(on_x, &start.x)];
        for (weight, eval) in evals {
            let Level { alpha, sigma } = eval.level;
            let weight = on_output * weight;
            match self {
                Self::Noise => {
                    terms.push((weight / sigma, &eval.x));
                    terms.push((-weight * alpha / sigma, &eval.clean));
                }
                Self::V => {
                    terms.push((weight * alpha / sigma, &eval.x));
                    terms.push((-weight * (alpha.powi(2) / sigma + sigma), &eval.clean));
                }
            }
        }
        X::combine(&terms)
    }
}
