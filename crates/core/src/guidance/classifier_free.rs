//! Classifier-free guidance: `ε = ε_u + s · (ε_c − ε_u)` (Ho and Salimans 2022, eq. 6, with `s = 1 + w`).
//!
//! Noise and clean estimate are affine in each other at one state, so the same mix of the clean estimates is meant.

use std::marker::PhantomData;

use crate::{Denoiser, Level, Result, State};

/// Moves the conditional estimate away from the unconditional one; scale 1 is none, 0 is unconditional.
#[derive(Clone, Copy, Debug)]
pub struct ClassifierFree<X, C, U> {
    conditional: C,
    unconditional: U,
    scale: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, C: Denoiser<X>, U: Denoiser<X>> ClassifierFree<X, C, U> {
    /// Guides `unconditional` towards `conditional` by `scale`.
    pub fn new(conditional: C, unconditional: U, scale: f64) -> Self {
        Self { conditional, unconditional, scale, state: PhantomData }
    }
}

impl<X: State, C: Denoiser<X>, U: Denoiser<X>> Denoiser<X> for ClassifierFree<X, C, U> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        // Where one of the two does not count, it is not evaluated.
        if self.scale == 1.0 {
            return self.conditional.denoise(x, at);
        }
        let unconditional = self.unconditional.denoise(x, at)?;
        if self.scale == 0.0 {
            return Ok(unconditional);
        }
        let conditional = self.conditional.denoise(x, at)?;
        X::combine(&[(self.scale, &conditional), (1.0 - self.scale, &unconditional)])
    }
}
