//! `numpy.log` of float32, to the bit, where its rounding decides between two whole timesteps.
//!
//! `x = m · 2^e` with `m` in \[√½, √2), `ln x = e ln 2 + P(m − 1)/Q(m − 1)`: the rational approximation that NumPy
//! evaluates with fused multiply–adds on processors that have them.

const P: [f32; 6] = [0.0, 1.0, 2.112_677_6, 1.480_000_6, 0.380_883_78, 0.025_899_792];
const Q: [f32; 6] = [1.0, 2.612_677_6, 2.453_006, 0.986_494_3, 0.154_647_63, 0.005_875_095_3];

/// The logarithm of a number; that of 0 is −∞, that of a negative one NaN.
pub(crate) fn log(x: f32) -> f32 {
    if !(x >= f32::MIN_POSITIVE && x.is_finite()) {
        return x.ln();
    }
    let bits = x.to_bits();
    let (mut e, mut m) =
        ((bits >> 23) as f32 - 126.0, f32::from_bits(bits & 0x007F_FFFF | 0x3F00_0000));
    if m < std::f32::consts::FRAC_1_SQRT_2 {
        e -= 1.0;
        m += m;
    }
    let y = m - 1.0;
    let polynomial = |c: [f32; 6]| c.iter().rev().skip(1).fold(c[5], |sum, c| sum.mul_add(y, *c));
    e.mul_add(std::f32::consts::LN_2, polynomial(P) / polynomial(Q))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits that NumPy 2 returned, the last three of which are not the rounded logarithm.
    #[test]
    fn the_bits_are_those_of_numpy() {
        for (x, bits) in NUMPY {
            assert_eq!(log(f32::from_bits(x)).to_bits(), bits, "{x:08x}");
        }
        assert_eq!(log(0.0), f32::NEG_INFINITY);
        assert!(log(-1.0).is_nan());
    }

    const NUMPY: [(u32, u32); 6] = [
        (0x3f9aa6de, 0x3e41af80),
        (0x3b5cb919, 0xc0b630b6),
        (0x44a3d987, 0x40e5b561),
        (0x44a8acf7, 0x40e6a32e),
        (0x3f49fe35, 0xbe72a190),
        (0x3f9500b0, 0x3e1b949a),
    ];
}
