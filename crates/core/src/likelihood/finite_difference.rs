//! Jacobian products of any denoiser by central differences: `J v ≈ (D(x + h v) − D(x − h v))/(2 h)`, right to `O(h²)` of the
//! third derivative and to rounding over `h`.

use super::Jacobian;
use crate::{Denoiser, Level, Result, State};

/// Two more evaluations for each product; for networks without derivatives, and to check those with.
#[derive(Clone, Copy, Debug)]
pub struct FiniteDifference<D> {
    denoiser: D,
    step: f64,
}

impl<D> FiniteDifference<D> {
    /// Differences over `step` (1e-5 serves states of order 1 in double precision, 1e-2 in single).
    pub fn new(denoiser: D, step: f64) -> Self {
        Self { denoiser, step }
    }
}

impl<X, D: Denoiser<X>> Denoiser<X> for FiniteDifference<D> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        self.denoiser.denoise(x, at)
    }
}

impl<X: State, D: Denoiser<X>> Jacobian<X> for FiniteDifference<D> {
    fn product(&self, x: &X, v: &X, at: Level) -> Result<X> {
        let moved = |h: f64| self.denoiser.denoise(&X::combine(&[(1.0, x), (h, v)])?, at);
        let half = 0.5 / self.step;
        X::combine(&[(half, &moved(self.step)?), (-half, &moved(-self.step)?)])
    }
}
