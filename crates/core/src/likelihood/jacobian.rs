//! Derivatives of a denoiser, from which the divergence of the probability flow follows.

use crate::{Denoiser, Level, Result};

/// A denoiser whose Jacobian `J = ∂E[clean | x]/∂x` can be multiplied by a vector.
pub trait Jacobian<X>: Denoiser<X> {
    /// `J · v`, sample by sample, at the state `x` and level `at`.
    ///
    /// `vᵀ · J` serves as well where only `vᵀ J v` is wanted, and for exact denoisers, whose `J` is symmetric, it is the
    /// same.
    ///
    /// # Errors
    /// Whatever keeps it from being computed.
    fn product(&self, x: &X, v: &X, at: Level) -> Result<X>;
}

/// The clean estimate together with the trace of its Jacobian.
pub trait Divergence<X> {
    /// `E[clean | x]`, and `tr ∂E[clean | x]/∂x` (or an unbiased estimate of it) for each sample.
    ///
    /// # Errors
    /// Whatever keeps them from being computed.
    fn denoise_with_trace(&self, x: &X, at: Level) -> Result<(X, Vec<f64>)>;
}
