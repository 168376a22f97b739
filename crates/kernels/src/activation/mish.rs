//! Mish in lanes. With `e = eˣ` and `w = e (e + 2)`, `tanh(ln(1 + e)) = w/(w + 2)`, and its derivative is
//! `4 e (1 + e)/(w + 2)²`. Beyond 20 the first is 1 and the second 0 in single precision.

use super::Pointwise;
use crate::simd::{Simd, exp};

/// `x · tanh(ln(1 + eˣ))`.
pub(super) struct Mish;

impl Pointwise for Mish {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: S::V) -> S::V {
        let two = s.splat(2.0);
        let e = exp(s, s.min(s.splat(20.0), x));
        let w = s.mul(e, s.add(e, two));
        s.mul(x, s.div(w, s.add(w, two)))
    }

    #[inline(always)]
    fn derivative<S: Simd>(s: S, x: S::V) -> S::V {
        let two = s.splat(2.0);
        let bounded = s.min(s.splat(20.0), x);
        let e = exp(s, bounded);
        let w = s.mul(e, s.add(e, two));
        let inverse = s.div(s.splat(1.0), s.add(w, two));
        let slope = s.mul(s.mul(s.mul(s.splat(4.0), e), s.add(e, s.splat(1.0))), inverse);
        s.mul(inverse, s.fma(bounded, slope, w))
    }
}
