//! The Box–Muller transform: two uniform numbers to two independent standard normal ones.
//!
//! `r = √(−2 ln u)`, `(r cos 2πv, r sin 2πv)` for `u` in (0, 1] and `v` in \[0, 1\] (Box and Muller, 1958).
//!
//! Logarithm, sine and cosine are Taylor series on reduced arguments, right to about one unit in the last place.
//! They hold no branch and no table, so loops over them become vector code, and only the operations `+ − × ÷ √`,
//! which IEEE 754 rounds in one way, so they give the same bits on every machine.

use std::f64::consts::{LN_2, SQRT_2, TAU};

/// 1.5 · 2^52: a number up to 2^51 in magnitude, when added, is rounded to an integer that stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Two independent standard normal numbers from `u` in (0, 1] and `v` in \[0, 1\].
#[inline(always)]
pub(super) fn box_muller(u: f64, v: f64) -> (f64, f64) {
    let r = (-2.0 * ln(u)).sqrt();
    let (sin, cos) = sin_cos_turns(v);
    (r * cos, r * sin)
}

/// Natural logarithm of a positive normal number.
///
/// With `x = m · 2^e` and `m` in \[√½, √2): `ln x = e ln 2 + 2 artanh(s)`, `s = (m − 1)/(m + 1)`, `|s| < 0.172`.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    /// Added to the exponent so that it is positive and the shift below may be a logical one.
    const BIAS: u64 = 1024;
    /// 2^52 in the exponent bits: turns a small integer in the low bits into the number 2^52 + integer.
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    let sqrt_half = (0.5 * SQRT_2).to_bits();
    let bits = x.to_bits();
    let e = bits.wrapping_sub(sqrt_half).wrapping_add(BIAS << 52) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(e.wrapping_sub(BIAS) << 52));
    let e = f64::from_bits(e | TWO_52) - (f64::from_bits(TWO_52) + BIAS as f64);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    // artanh(s)/s = 1 + z/3 + z²/5 + …; the first term left out is below 3e-19.
    let mut tail = 1.0 / 23.0;
    for odd in [21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        tail = tail * z + 1.0 / odd;
    }
    // The largest term is added last.
    e * LN_2 + (2.0 * s + 2.0 * s * (z * tail))
}

/// Sine and cosine of `v` turns, `sin 2πv` and `cos 2πv`, for `|v|` up to 2^49.
///
/// With `q` the integer nearest to `4v`, the angle `2π(v − q/4)` lies in \[−π/4, π/4\], and `q` says
/// whether sine and cosine change places and signs.
#[inline(always)]
pub(super) fn sin_cos_turns(v: f64) -> (f64, f64) {
    let rounded = 4.0 * v + ROUND;
    let q = rounded.to_bits();
    let x = TAU * (v - 0.25 * (rounded - ROUND));
    let z = x * x;
    // sin x = x − x³/3! + … ± x¹⁷/17!, cos x = 1 − x²/2! + … ∓ x¹⁶/16!, each from the last term inwards.
    let mut sin = 1.0;
    for n in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        sin = 1.0 - sin * z * (1.0 / (n * (n - 1.0)));
    }
    let sin = sin * x;
    let mut cos = 1.0;
    for n in [16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0] {
        cos = 1.0 - cos * z * (1.0 / (n * (n - 1.0)));
    }
    let (s, c) = if q & 1 == 0 { (sin, cos) } else { (cos, sin) };
    let sign = |number: f64, negative: u64| f64::from_bits(number.to_bits() ^ (negative << 63));
    (sign(s, (q >> 1) & 1), sign(c, (q.wrapping_add(1) >> 1) & 1))
}

#[cfg(test)]
mod tests {
    use super::{box_muller, ln, sin_cos_turns};
    use std::f64::consts::{FRAC_1_SQRT_2, LN_2, TAU};

    #[test]
    fn logarithm_has_its_exact_values() {
        assert_eq!(ln(1.0), 0.0);
        for e in -1022..=1023 {
            assert_eq!(ln(f64::powi(2.0, e)), f64::from(e) * LN_2);
        }
    }

    /// Against the mathematics library, itself right to one unit in the last place.
    #[test]
    fn logarithm_is_right_to_the_last_places() {
        let just_below_one = (1..1000).map(|i| 1.0 - f64::from(i) * f64::EPSILON / 2.0);
        let grid = (1..200_000).map(|i| f64::from(i) / 100_000.0);
        let tiny = (1..1000).map(|i| f64::from(i) * 1.1e-16);
        for x in just_below_one.chain(grid).chain(tiny) {
            let (found, expected) = (ln(x), x.ln());
            let error = (found - expected).abs();
            assert!(error <= 4e-16 * expected.abs(), "ln {x:e} = {found:e}, not {expected:e}");
        }
    }

    #[test]
    fn sine_and_cosine_of_the_eighths_of_a_turn() {
        let h = FRAC_1_SQRT_2;
        let eighths = [
            (0.0, 1.0),
            (h, h),
            (1.0, 0.0),
            (h, -h),
            (0.0, -1.0),
            (-h, -h),
            (-1.0, 0.0),
            (-h, h),
            (0.0, 1.0),
        ];
        for (i, (sin, cos)) in eighths.into_iter().enumerate() {
            let found = sin_cos_turns(i as f64 / 8.0);
            assert!(
                (found.0 - sin).abs() < 2e-16 && (found.1 - cos).abs() < 2e-16,
                "{i}/8: {found:?}"
            );
        }
    }

    #[test]
    fn sine_and_cosine_are_right_to_the_last_places() {
        for i in -300_000..=300_000 {
            let v = f64::from(i) / 200_000.0;
            // Whole quarter turns are taken off first, so that the angle of the reference is small and exact enough.
            let quarter = (4.0 * v).round();
            let (s, c) = (TAU * (v - quarter / 4.0)).sin_cos();
            let (sin, cos) = match quarter.rem_euclid(4.0) as u8 {
                0 => (s, c),
                1 => (c, -s),
                2 => (-s, -c),
                _ => (-c, s),
            };
            let found = sin_cos_turns(v);
            assert!(
                (found.0 - sin).abs() <= 2.3e-16 * sin.abs().max(0.5),
                "sin {v}: {} {sin}",
                found.0
            );
            assert!(
                (found.1 - cos).abs() <= 2.3e-16 * cos.abs().max(0.5),
                "cos {v}: {} {cos}",
                found.1
            );
        }
    }

    #[test]
    fn the_ends_of_the_unit_interval_are_finite() {
        assert_eq!(box_muller(1.0, 0.3).0.abs(), 0.0);
        for u in [f64::MIN_POSITIVE, (-53f64).exp2(), 1.0 - f64::EPSILON / 2.0] {
            for v in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let (a, b) = box_muller(u, v);
                let error = (a * a + b * b + 2.0 * u.ln()).abs();
                assert!(error <= 1e-15 * (2.0 * u.ln()).abs(), "{u:e} {v}: {a} {b}");
            }
        }
    }
}
