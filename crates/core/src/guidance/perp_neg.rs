//! Perp-Neg (Armandpour et al. 2023, "Re-imagine the negative prompt algorithm", eqs. 7–8): of each negative direction
//! only the part perpendicular to the positive one is subtracted, so that what both share is not.
//!
//! `D = D_u + s · (Δ_p − Σ wᵢ · Δᵢ_⊥)`, `Δ_p = D_p − D_u`, `Δᵢ_⊥ = Δᵢ − ⟨Δᵢ, Δ_p⟩/‖Δ_p‖² · Δ_p`.

use std::marker::PhantomData;

use super::Branches;
use crate::{Denoiser, Error, Level, Result, Samples};

/// Guidance towards one condition and away from others; sample by sample.
#[derive(Clone, Debug)]
pub struct PerpNeg<X, B, const N: usize> {
    branches: B,
    scale: f64,
    weights: Vec<f64>,
    state: PhantomData<fn(&X)>,
}

impl<X, B: Branches<X, N>, const N: usize> PerpNeg<X, B, N> {
    /// Branches: unconditional, positive, then one for each negative, whose weight (not negative) is in `weights`.
    ///
    /// # Errors
    /// Unless there are `N − 2` weights, all finite.
    pub fn new(branches: B, scale: f64, weights: Vec<f64>) -> Result<Self> {
        if weights.len() + 2 != N {
            return Err(Error::Value {
                name: "number of negative weights",
                found: weights.len().to_string(),
                expected: "the number of branches without the unconditional and the positive one",
            });
        }
        if let Some(w) = weights.iter().find(|w| !w.is_finite()) {
            let expected = "a finite number";
            return Err(Error::Value { name: "negative weight", found: w.to_string(), expected });
        }
        Ok(Self { branches, scale, weights, state: PhantomData })
    }
}

impl<X: Samples, B: Branches<X, N>, const N: usize> Denoiser<X> for PerpNeg<X, B, N> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        let all = self.branches.all(x, at)?;
        let (unconditional, positive) = (&all[0], &all[1]);
        let from_unconditional = |x: &X| X::combine(&[(1.0, x), (-1.0, unconditional)]);
        let towards = from_unconditional(positive)?;
        let mut guided = X::combine(&[(1.0, unconditional), (self.scale, &towards)])?;
        for (weight, negative) in self.weights.iter().zip(&all[2..]) {
            let away = from_unconditional(negative)?;
            let shared = super::along(&away, &towards)?;
            let push = self.scale * weight;
            guided = X::combine(&[(1.0, &guided), (-push, &away), (push, &shared)])?;
        }
        Ok(guided)
    }
}
