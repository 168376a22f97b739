//! GELU in lanes, in both of its forms.
//!
//! The exact one is `x · Φ(x)`, with derivative `Φ(x) + x · φ(x)`. The other one, `x/2 · (1 + tanh u)` with
//! `u = √(2/π) (x + 0.044715 x³)`, is computed as `x · σ(2u)`, the same function without the cancellation of `1 + tanh u`
//! at negative u; its derivative is `σ + x · σ (1 − σ) · 2u′`.

use super::Pointwise;
use crate::simd::{Simd, normal, sigmoid, sigmoid_and_rest};

/// `x · Φ(x)`.
pub(crate) struct Gelu;

impl Gelu {
    /// Value and derivative from one exponential.
    #[inline(always)]
    pub(crate) fn both<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
        let (below, density) = normal(s, x);
        (s.mul(x, below), s.fma(x, density, below))
    }
}

impl Pointwise for Gelu {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: S::V) -> S::V {
        s.mul(x, normal(s, x).0)
    }

    #[inline(always)]
    fn derivative<S: Simd>(s: S, x: S::V) -> S::V {
        Self::both(s, x).1
    }
}

/// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
pub(super) struct GeluTanh;

/// `2 √(2/π)`.
const LINEAR: f32 = 1.595_769;
/// `LINEAR · 0.044715`.
const CUBIC: f32 = 0.071_354_814;

impl Pointwise for GeluTanh {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: S::V) -> S::V {
        let u = s.mul(x, s.fma(s.mul(x, x), s.splat(CUBIC), s.splat(LINEAR)));
        s.mul(x, sigmoid(s, u))
    }

    #[inline(always)]
    fn derivative<S: Simd>(s: S, x: S::V) -> S::V {
        let square = s.mul(x, x);
        let u = s.mul(x, s.fma(square, s.splat(CUBIC), s.splat(LINEAR)));
        let slope = s.fma(square, s.splat(3.0 * CUBIC), s.splat(LINEAR));
        let (sigma, rest) = sigmoid_and_rest(s, u);
        s.mul(sigma, s.fma(s.mul(x, rest), slope, s.splat(1.0)))
    }
}
