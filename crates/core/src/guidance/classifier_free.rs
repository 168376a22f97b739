//! Classifier-free guidance: `ε = ε_u + s · (ε_c − ε_u)` (Ho and Salimans 2022, eq. 6, with `s = 1 + w`).
//!
//! Noise and clean estimate are affine in each other at one state, so the same mix of the clean estimates is meant.

use std::marker::PhantomData;

use super::Branches;
use crate::{Denoiser, Level, Result, State};

/// Moves the conditional estimate away from the unconditional one; scale 1 is none, 0 is unconditional.
#[derive(Clone, Copy, Debug)]
pub struct ClassifierFree<X, B> {
    branches: B,
    scale: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, C: Denoiser<X>, U: Denoiser<X>> ClassifierFree<X, (C, U)> {
    /// Guides `unconditional` towards `conditional` by `scale`.
    pub fn new(conditional: C, unconditional: U, scale: f64) -> Self {
        Self::of((conditional, unconditional), scale)
    }
}

impl<X, B: Branches<X, 2>> ClassifierFree<X, B> {
    /// As [`new`](ClassifierFree::new), of branches that may share a forward pass: conditional, then unconditional.
    pub fn of(branches: B, scale: f64) -> Self {
        Self { branches, scale, state: PhantomData }
    }
}

impl<X: State, B: Branches<X, 2>> Denoiser<X> for ClassifierFree<X, B> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        super::extrapolate(&self.branches, self.scale, x, at)
    }
}
