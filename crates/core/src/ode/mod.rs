//! Ordinary differential equations `dx/dt = v(t, x)` on any state: fixed steps and an adaptive method with counts.

mod dormand_prince;
mod fixed;
mod scaled;

pub use dormand_prince::{DormandPrince, Solution};
pub use fixed::Fixed;
pub use scaled::Scaled;

use crate::Result;

/// A velocity field; closures `(t, x)` are fields.
pub trait Field<X> {
    /// `v(t, x)`.
    ///
    /// # Errors
    /// Whatever keeps it from being computed.
    fn velocity(&self, t: f64, x: &X) -> Result<X>;
}

impl<X, F: Fn(f64, &X) -> Result<X>> Field<X> for F {
    fn velocity(&self, t: f64, x: &X) -> Result<X> {
        self(t, x)
    }
}
