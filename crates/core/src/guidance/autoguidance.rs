//! Autoguidance: `D = D_weak + s · (D_strong − D_weak)` (Karras et al. 2024, "Guiding a diffusion model with a bad
//! version of itself", eq. 3): the weak model is smaller or less trained, and has the same condition.

use std::marker::PhantomData;

use super::Branches;
use crate::{Denoiser, Level, Result, State};

/// Moves a strong model's estimate away from a weak one's; scale 1 is the strong model, 0 the weak one.
#[derive(Clone, Copy, Debug)]
pub struct Autoguidance<X, B> {
    branches: B,
    scale: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, B: Branches<X, 2>> Autoguidance<X, B> {
    /// Branches: the strong model, then the weak one.
    pub fn new(branches: B, scale: f64) -> Self {
        Self { branches, scale, state: PhantomData }
    }
}

impl<X: State, B: Branches<X, 2>> Denoiser<X> for Autoguidance<X, B> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        super::extrapolate(&self.branches, self.scale, x, at)
    }
}
