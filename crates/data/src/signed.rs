//! Pixels as signed numbers: `x / 127.5 − 1`, so that 0 becomes −1 and 255 becomes 1.
//!
//! The way back is `(x + 1) · 127.5`, clamped to 0…255 and rounded half away from zero.
//! There and back is exact for all 256 values.

/// The number in [−1, 1] for a pixel.
#[inline]
pub fn to_signed(pixel: u8) -> f32 {
    f32::from(pixel) / 127.5 - 1.0
}

/// The pixel for a number: clamped to [−1, 1], mapped by `(x + 1) · 127.5`, rounded half away from zero.
///
/// Not-a-number becomes 0.
#[inline]
pub fn from_signed(value: f32) -> u8 {
    // In f64, where the sum and the product are exact, so that only the rounding rule decides.
    ((f64::from(value) + 1.0) * 127.5).clamp(0.0, 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_exact() {
        for pixel in 0..=255 {
            assert_eq!(from_signed(to_signed(pixel)), pixel);
        }
        assert_eq!((to_signed(0), to_signed(255)), (-1.0, 1.0));
    }

    #[test]
    fn out_of_range_is_clamped_and_halves_round_away_from_zero() {
        assert_eq!((from_signed(-7.0), from_signed(7.0), from_signed(f32::NAN)), (0, 255, 0));
        assert_eq!((from_signed(f32::NEG_INFINITY), from_signed(f32::INFINITY)), (0, 255));
        // 0 lies exactly between 127 and 128.
        assert_eq!(from_signed(0.0), 128);
        assert_eq!(from_signed(-f32::EPSILON), 127);
    }
}
