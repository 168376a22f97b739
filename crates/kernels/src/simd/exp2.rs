//! `2ˣ` on vectors for `x` that is not positive but for rounding, as in a softmax after its largest score is taken away.
//!
//! `2ˣ = 2ⁿ · 2ʳ`, `n = round(x)`, `|r| ≤ ½`, and a polynomial of degree five for `2ʳ` that is exact at zero, fitted for the
//! least largest relative error, 1.1e-7. Two operations instead of four for the power and no constant split in two make it
//! cheaper than [`exp`](super::exp::exp).

use super::Simd;

/// `2ˣ` of every lane for `x ≤ 126`: relative error at most 3e-7, zero below −126.5, and NaN for NaN.
#[inline(always)]
#[allow(clippy::approx_constant, reason = "the coefficients are those of the fit")]
pub(crate) fn exp2<S: Simd>(s: S, x: S::V) -> S::V {
    // A power of −127 is made as zero. A NaN in the second operand passes through.
    let x = s.max(s.splat(-127.0), x);
    let n = s.round(x);
    let r = s.sub(x, n);
    let mut p = s.splat(0.001_326_472_7);
    for c in [0.009_671_513, 0.055_507_336, 0.240_222_42, 0.693_147, 1.0] {
        p = s.fma(p, r, s.splat(c));
    }
    s.mul(p, s.pow2(n))
}

#[cfg(test)]
mod tests {
    use super::super::{Isa, Kernel, Lanes, dispatch, write};
    use super::*;
    use crate::fresh::{self, Fresh};

    struct Exp2<'a, 'o>(&'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Exp2<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            write(
                s,
                [Lanes::of(self.0)],
                self.1,
                #[inline(always)]
                |[x]| exp2(s, x),
            )
        }
    }

    #[test]
    fn is_close_where_results_are_normal_and_vanishes_below() {
        // Every 997th bit pattern of the negative numbers, and some small positive ones.
        let negative = (0..1 << 31).step_by(997).map(|bits: u32| -f32::from_bits(bits));
        let positive = (0..1000).map(|i| i as f32 * 0.1);
        let x: Vec<f32> = negative.chain(positive).filter(|x| !x.is_nan()).collect();
        for isa in Isa::available() {
            let y = fresh::values(x.len(), |y| dispatch(isa, Exp2(&x, y)));
            for (&x, &y) in x.iter().zip(&y) {
                let want = f64::from(x).exp2();
                if x < -126.5 {
                    assert_eq!(y, 0.0, "{isa}: exp2({x})");
                } else if x >= -125.5 {
                    let error = (f64::from(y) - want).abs() / want;
                    assert!(error <= 3e-7, "{isa}: exp2({x}) = {y}, {error} off");
                } else {
                    assert!((f64::from(y) - want).abs() <= 1e-44, "{isa}: exp2({x}) = {y}");
                }
            }
            let special = [0.0, -0.0, f32::NEG_INFINITY, f32::NAN];
            let y = fresh::values(4, |y| dispatch(isa, Exp2(&special, y)));
            assert_eq!(y[..3], [1.0, 1.0, 0.0]);
            assert!(y[3].is_nan(), "{isa}");
        }
    }
}
