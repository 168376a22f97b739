//! A map of the clean estimate at each step, such as clamping it to the range of the data (Ho et al. 2020, code).

use std::marker::PhantomData;

use crate::{Denoiser, Level, Result};

/// Applies a function to each clean estimate; what clamping means is the state's matter, so the caller gives it.
#[derive(Clone, Copy, Debug)]
pub struct Clip<X, D, F> {
    denoiser: D,
    map: F,
    state: PhantomData<fn(&X)>,
}

impl<X, D: Denoiser<X>, F: Fn(X) -> X> Clip<X, D, F> {
    /// Wraps `denoiser`; `map` is called on each of its estimates.
    pub fn new(denoiser: D, map: F) -> Self {
        Self { denoiser, map, state: PhantomData }
    }
}

impl<X, D: Denoiser<X>, F: Fn(X) -> X> Denoiser<X> for Clip<X, D, F> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        self.denoiser.denoise(x, at).map(&self.map)
    }
}
