//! Scalar stochastic differential equations `dX = a(X) dt + b(X) dW` (Itô), and one step of each method.

mod euler_maruyama;
mod milstein;
mod sra1;

pub(crate) use euler_maruyama::euler_maruyama;
pub(crate) use milstein::milstein;
pub(crate) use sra1::sra1;

/// What Brownian motion did during a step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Increment {
    /// Length of the step.
    pub(crate) h: f64,
    /// `W(h) − W(0)`.
    pub(crate) w: f64,
    /// `∫ (W(s) − W(0)) ds`.
    pub(crate) z: f64,
}

impl Increment {
    /// This step and then that one, as one step.
    pub(crate) fn then(self, next: Self) -> Self {
        Self { h: self.h + next.h, w: self.w + next.w, z: self.z + self.w * next.h + next.z }
    }
}
