//! The stochastic Runge–Kutta method SRA1 for additive noise (Rößler 2010, table 6.3): strong order 1.5.
//!
//! `H = X + ¾ h a(X) + (3/2) b ΔZ/h`, `X' = X + h (⅓ a(X) + ⅔ a(H)) + b ΔW`, `ΔZ = ∫ ΔW ds`.

use super::Increment;

/// `b` is constant.
pub(crate) fn sra1(x: f64, a: impl Fn(f64) -> f64, b: f64, by: Increment) -> f64 {
    let inner = x + 0.75 * by.h * a(x) + 1.5 * b * by.z / by.h;
    x + by.h * (a(x) + 2.0 * a(inner)) / 3.0 + b * by.w
}
