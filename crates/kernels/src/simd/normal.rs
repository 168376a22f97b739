//! The standard normal distribution function and density on vectors.
//!
//! With `t = |x|`, the tail `Q(t) = 1 − Φ(t)` is `exp(−t²/2) · R(t)`, where `√(2π) R` is Mills' ratio. It falls slowly, so
//! that a polynomial of degree nine in `w = t/(t + 2.25)` (a substitution in the manner of Hastings 1955), fitted here for
//! least error relative to R on [0, 14.5] with R(0) = 1/2 exact, is within 8.1e-9. `Φ(x)` is `Q(t)` for negative `x` and
//! `1 − Q(t)` otherwise, so the lower tail keeps its relative accuracy, which `(1 + erf(x/√2))/2` loses below −3.
//!
//! Measured error: of `Φ` at most 1.2e-7, and relative to `Φ` at most 3.5e-7 · (1 + x²/4), the second term from rounding x².

use super::{Simd, exp};

/// `Φ(x)` and the density `φ(x) = exp(−x²/2)/√(2π)` of every lane.
#[inline(always)]
pub(crate) fn normal<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    // Beyond 40 everything is 0 or 1, and infinity would have no quotient.
    let t = s.min(s.splat(40.0), s.max(s.sub(zero, x), x));
    let w = s.div(t, s.add(t, s.splat(2.25)));
    let mut p = s.splat(-0.036_493_125);
    for c in [
        0.109_695_58,
        -0.096_635_87,
        0.044_264_425,
        -0.070_851_66,
        -0.038_782_283,
        0.118_381_88,
        0.368_034_78,
        -0.897_620_74,
        0.5,
    ] {
        p = s.fma(p, w, s.splat(c));
    }
    let e = exp(s, s.mul(s.mul(t, t), s.splat(-0.5)));
    let tail = s.mul(e, p);
    (s.select_less(x, zero, tail, s.sub(one, tail)), s.mul(e, s.splat(0.398_942_3)))
}

#[cfg(test)]
mod tests {
    use super::super::{Isa, Kernel, Lanes, dispatch, write};
    use super::*;
    use crate::fresh::{self, Fresh};
    use crate::testing::normal_cdf;

    /// The distribution function, or the density.
    struct Normal<'a, 'o>(&'a [f32], bool, &'o mut Fresh);
    impl<'o> Kernel for Normal<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let Self(x, density, out) = self;
            write(
                s,
                [Lanes::of(x)],
                out,
                #[inline(always)]
                |[x]| if density { normal(s, x).1 } else { normal(s, x).0 },
            )
        }
    }

    fn both(isa: Isa, x: &[f32]) -> [Vec<f32>; 2] {
        [false, true].map(|d| fresh::values(x.len(), |out| dispatch(isa, Normal(x, d, out))))
    }

    #[test]
    fn errors_are_as_stated_everywhere() {
        // Every 9973rd bit pattern, both signs.
        let mut x: Vec<f32> =
            (0..u32::MAX).step_by(9973).map(f32::from_bits).filter(|x| x.is_finite()).collect();
        x.extend((-60_000..60_000).map(|i| i as f32 / 4000.0));
        for isa in Isa::available() {
            let [below, density] = both(isa, &x);
            for ((&x, &got), &got_density) in x.iter().zip(&below).zip(&density) {
                let x = f64::from(x);
                let want = normal_cdf(x);
                let error = (f64::from(got) - want).abs();
                assert!(error <= 1.2e-7, "{isa}: {got} at {x}, not {want}");
                let relative = 3.5e-7 * (1.0 + 0.25 * x * x);
                // Results below the smallest normal number have fewer digits.
                assert!(error <= relative * want + 1.2e-38, "{isa}: {got} at {x}, not {want}");
                let want = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
                let error = (f64::from(got_density) - want).abs();
                assert!(error <= relative * want + 1.2e-38, "{isa}: density {got_density} at {x}");
            }
        }
    }

    #[test]
    fn special_values() {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0];
        for isa in Isa::available() {
            let [below, density] = both(isa, &x);
            assert!(below[0].is_nan() && density[0].is_nan());
            assert_eq!((below[1], below[2], density[1], density[2]), (1.0, 0.0, 0.0, 0.0), "{isa}");
            assert_eq!(below[3], 0.5, "{isa}");
        }
    }
}
