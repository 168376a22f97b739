//! SiLU in lanes: `x · σ` with `σ = sigmoid(x)`, and its derivative `σ · (1 + x · (1 − σ))`.

use super::Pointwise;
use crate::simd::{Simd, sigmoid};

/// `x · sigmoid(x)`.
pub(crate) struct Silu;

impl Pointwise for Silu {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: S::V) -> S::V {
        s.mul(x, sigmoid(s, x))
    }

    #[inline(always)]
    fn derivative<S: Simd>(s: S, x: S::V) -> S::V {
        let (sigma, one) = (sigmoid(s, x), s.splat(1.0));
        s.mul(sigma, s.fma(x, s.sub(one, sigma), one))
    }
}
