//! Uniform dequantisation (Uria et al. 2013; Theis et al. 2016): noise from the whole bin, with the same density.

use super::{Dequantisation, Noised};
use crate::Result;
use crate::rng::Philox;

/// Uniform noise in bins of the given width: 2/255 for 8-bit images from −1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UniformDequantisation {
    /// Distance between neighbouring values.
    pub width: f64,
}

impl Dequantisation for UniformDequantisation {
    fn draw(&self, values: &[f64], random: &mut Philox) -> Result<Noised> {
        let x = values.iter().map(|v| v + self.width * (random.uniform() - 0.5)).collect();
        Ok(Noised { x, log_weight: values.len() as f64 * self.width.ln() })
    }
}
