//! Milstein's method: `X + a h + b ΔW + ½ b b' (ΔW² − h)` (Milstein 1975): strong and weak order 1.

use super::Increment;

/// `slope` is `b'`.
pub(crate) fn milstein(
    x: f64,
    a: impl Fn(f64) -> f64,
    b: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
    by: Increment,
) -> f64 {
    x + a(x) * by.h + b(x) * by.w + 0.5 * b(x) * slope(x) * (by.w * by.w - by.h)
}
