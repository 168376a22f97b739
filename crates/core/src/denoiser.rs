//! The one thing a sampler asks of a model: the expected clean data.

use crate::{Level, Result};

/// Estimates `E[clean | x]` of a state at a level. Closures are denoisers; wrappers (guidance, clipping) are too.
pub trait Denoiser<X> {
    /// The expected clean data given the state `x` at level `at`.
    ///
    /// # Errors
    /// Whatever keeps the estimate from being computed, as a sentence.
    fn denoise(&self, x: &X, at: Level) -> Result<X>;
}

impl<X, F: Fn(&X, Level) -> Result<X>> Denoiser<X> for F {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        self(x, at)
    }
}
