//! `exp` and the logistic function on vectors.
//!
//! Reduction by Cody and Waite (1980): `exp(x) = 2ⁿ · exp(r)`, `n = round(x / ln 2)`, `|r| ≤ ln 2 / 2`, and a
//! polynomial of degree seven for `exp(r)`, whose truncation error is below 5e-9. Measured error on all finite inputs: at most 2 units in the
//! last place of the result, 1 with fused multiply-add for normal results. Overflow gives infinity, underflow zero, NaN stays NaN.

use super::Simd;

/// `exp` of every lane.
#[inline(always)]
pub(crate) fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // Beyond these bounds the result is infinite or zero in any case. A NaN in the second operand passes through.
    let (n, p) = reduced(s, s.min(s.splat(89.0), s.max(s.splat(-105.0), x)));
    // Two factors, because 2ⁿ alone may be out of range where the result is not.
    let half = s.round(s.mul(n, s.splat(0.5)));
    s.mul(s.mul(p, s.pow2(half)), s.pow2(s.sub(n, half)))
}

/// `n` and `exp(r)`.
#[inline(always)]
fn reduced<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    // ln 2 split in two, the first part with few enough bits that its product with n is exact.
    let r = s.nfma(n, s.splat(0.693_359_4), x);
    let r = s.nfma(n, s.splat(-2.121_944_4e-4), r);
    let mut p = s.splat(1.0 / 5040.0);
    for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        p = s.fma(p, r, s.splat(c));
    }
    (n, s.add(s.fma(s.mul(r, r), p, r), s.splat(1.0)))
}

/// `1 / (1 + exp(−x))` of every lane, with the exponential in one factor: it is infinite from `−x = 88.4` on instead of
/// 88.8, so results below 4.1e-39 are zero, and e⁻⁸⁷ stands for all smaller ones, which 1 absorbs.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    let x = s.min(s.splat(88.8), s.max(s.splat(-87.0), s.sub(s.splat(0.0), x)));
    let (n, p) = reduced(s, x);
    s.div(one, s.fma(p, s.pow2(n), one))
}

/// [`sigmoid`] and its difference from 1, both to their own last places.
#[inline(always)]
pub(crate) fn sigmoid_and_rest<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let one = s.splat(1.0);
    let e = exp(s, s.sub(s.splat(0.0), x));
    let sigma = s.div(one, s.add(one, e));
    // Where e may be infinite the result is small, and the difference exact.
    (sigma, s.select_less(x, s.splat(0.0), s.sub(one, sigma), s.mul(e, sigma)))
}

#[cfg(test)]
mod tests {
    use super::super::{Isa, Kernel, Lanes, dispatch, write};
    use super::*;
    use crate::fresh::{self, Fresh};

    struct Exp<'a, 'o>(&'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Exp<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            write(
                s,
                [Lanes::of(self.0)],
                self.1,
                #[inline(always)]
                |[x]| exp(s, x),
            )
        }
    }

    struct Sigmoid<'a, 'o>(&'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Sigmoid<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            write(
                s,
                [Lanes::of(self.0)],
                self.1,
                #[inline(always)]
                |[x]| sigmoid(s, x),
            )
        }
    }

    #[test]
    fn is_within_two_units_in_the_last_place_everywhere() {
        // Every 997th bit pattern, both signs: 4.3 million inputs.
        let x: Vec<f32> =
            (0..u32::MAX).step_by(997).map(f32::from_bits).filter(|x| x.is_finite()).collect();
        for isa in Isa::available() {
            let y = fresh::values(x.len(), |y| dispatch(isa, Exp(&x, y)));
            for (&x, &y) in x.iter().zip(&y) {
                let want = f64::from(x).exp();
                if want > f64::from(f32::MAX) * (1.0 + 1e-7) {
                    assert_eq!(y, f32::INFINITY, "{isa}: exp({x})");
                    continue;
                }
                let near = want as f32;
                let ulp = if near == f32::INFINITY {
                    f32::MAX - f32::MAX.next_down()
                } else {
                    near.next_up() - near
                };
                let error = (f64::from(y) - want).abs() / f64::from(ulp);
                assert!(error <= 2.0, "{isa}: exp({x}) = {y}, {error} units off");
            }
        }
    }

    #[test]
    fn the_logistic_function_is_within_three_units_in_the_last_place() {
        let x: Vec<f32> =
            (0..u32::MAX).step_by(4999).map(f32::from_bits).filter(|x| x.is_finite()).collect();
        for isa in Isa::available() {
            let y = fresh::values(x.len(), |y| dispatch(isa, Sigmoid(&x, y)));
            for (&x, &y) in x.iter().zip(&y) {
                let want = 1.0 / (1.0 + (-f64::from(x)).exp());
                let near = want as f32;
                let error = (f64::from(y) - want).abs();
                let ulp = f64::from(near.next_up() - near);
                assert!(error <= 3.0 * ulp || error < 4.1e-39, "{isa}: {y} at {x}, not {want}");
            }
        }
    }

    #[test]
    fn special_values() {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0];
        for isa in Isa::available() {
            let y = fresh::values(5, |y| dispatch(isa, Exp(&x, y)));
            assert!(y[0].is_nan());
            assert_eq!(y[1..], [f32::INFINITY, 0.0, 1.0, 1.0], "{isa}");
            let y = fresh::values(5, |y| dispatch(isa, Sigmoid(&x, y)));
            assert!(y[0].is_nan());
            assert_eq!(y[1..], [1.0, 0.0, 0.5, 0.5], "{isa}");
        }
    }
}
