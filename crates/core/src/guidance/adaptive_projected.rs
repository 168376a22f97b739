//! Adaptive projected guidance (Sadat, Hilliges and Weber 2024, "Eliminating oversaturation and artifacts of high
//! guidance scales", eqs. 5–8): the difference `Δ = D_c − D_u` is limited in norm and split along `D_c`,
//! `D = D_c + (s − 1) · (Δ_⊥ + η · Δ_∥)`.
//!
//! The paper's momentum, a sum over steps, is left out: a denoiser here has no memory (their `β = 0`).

use std::marker::PhantomData;

use super::Branches;
use crate::{Denoiser, Error, Level, Result, Samples};

/// Guidance without the part of the difference that saturates; sample by sample.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveProjected<X, B> {
    branches: B,
    scale: f64,
    parallel: f64,
    radius: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, B: Branches<X, 2>> AdaptiveProjected<X, B> {
    /// Guides the second branch (unconditional) towards the first (conditional) by `scale`.
    ///
    /// `parallel` is the paper's `η`, the share that is kept of the part along the conditional estimate (0 in the paper;
    /// 1 makes plain guidance); `radius` is `r`, the largest norm of the difference (may be infinite).
    ///
    /// # Errors
    /// Where `parallel` is not finite or `radius` not positive.
    pub fn new(branches: B, scale: f64, parallel: f64, radius: f64) -> Result<Self> {
        if !parallel.is_finite() {
            let expected = "a finite number";
            return Err(Error::Value { name: "parallel", found: parallel.to_string(), expected });
        }
        if radius.is_nan() || radius <= 0.0 {
            let expected = "positive";
            return Err(Error::Value { name: "radius", found: radius.to_string(), expected });
        }
        Ok(Self { branches, scale, parallel, radius, state: PhantomData })
    }
}

impl<X: Samples, B: Branches<X, 2>> Denoiser<X> for AdaptiveProjected<X, B> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        if self.scale == 1.0 {
            return self.branches.one(0, x, at);
        }
        let [conditional, unconditional] = self.branches.all(x, at)?;
        let difference = X::combine(&[(1.0, &conditional), (-1.0, &unconditional)])?;
        let norms = difference.sum_pairs(&difference, |a, b| a * b)?;
        let limit: Vec<f64> = norms
            .iter()
            // Written so that no difference at all is not divided by.
            .map(|n| if n.sqrt() > self.radius { self.radius / n.sqrt() } else { 1.0 })
            .collect();
        let difference = difference.scaled(&limit)?;
        let parallel = super::along(&difference, &conditional)?;
        let weight = self.scale - 1.0;
        X::combine(&[
            (1.0, &conditional),
            (weight, &difference),
            (weight * (self.parallel - 1.0), &parallel),
        ])
    }
}
