//! Euler–Maruyama: `X + a h + b ΔW` (Maruyama 1955): strong order ½, 1 for additive noise; weak order 1.

use super::Increment;

pub(crate) fn euler_maruyama(
    x: f64,
    a: impl Fn(f64) -> f64,
    b: impl Fn(f64) -> f64,
    by: Increment,
) -> f64 {
    x + a(x) * by.h + b(x) * by.w
}
