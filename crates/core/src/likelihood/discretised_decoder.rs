//! The discretised Gaussian decoder of Ho et al. 2020, eq. 13: the probability that a normal number falls into the bin of a
//! discrete value, with open bins at both ends.

use super::log_normal_interval;
use crate::{Error, Result};

/// Data with `levels` equally spaced values from −1 to 1 (256 for 8-bit images).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscretisedDecoder {
    levels: usize,
}

impl DiscretisedDecoder {
    /// A decoder of `levels` values.
    ///
    /// # Errors
    /// Where there are fewer than 2.
    pub fn new(levels: usize) -> Result<Self> {
        if levels < 2 {
            let found = levels.to_string();
            return Err(Error::Value { name: "number of values", found, expected: "at least 2" });
        }
        Ok(Self { levels })
    }

    /// `ln P(value)`, the log-mass that `N(mean, variance)` gives to the bin of `value`.
    pub fn log_mass(&self, value: f64, mean: f64, variance: f64) -> f64 {
        let (half, std) = (1.0 / (self.levels - 1) as f64, variance.sqrt());
        // A value counts as the end where it is nearer to it than to its neighbour.
        let low = if value < half - 1.0 { f64::NEG_INFINITY } else { value - half };
        let high = if value > 1.0 - half { f64::INFINITY } else { value + half };
        log_normal_interval((low - mean) / std, (high - mean) / std)
    }
}
