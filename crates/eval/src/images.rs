//! Samples and data sets brought to one form: pixels of 256 grades, as f32 in [−1, 1].

use langevin_data::Dataset;
use langevin_data::signed::{from_signed, to_signed};

use crate::judge::{PADDED, SIDE, centres};
use crate::{Error, Points, Result};

/// A generator's output: planar f32 values `[N, C, H, W]`, nominally in [−1, 1].
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    values: &'a [f32],
    shape: [usize; 4],
}

impl<'a> Images<'a> {
    /// Views `values` as images of `shape` `[N, C, H, W]`.
    ///
    /// # Errors
    /// If there are no images, the values do not fill the shape, or one is not finite.
    pub fn new(values: &'a [f32], shape: [usize; 4]) -> Result<Self> {
        let filled = shape.iter().try_fold(1_usize, |product, &d| product.checked_mul(d));
        if filled != Some(values.len()) || values.is_empty() {
            return Err(Error::ImageLength { values: values.len(), shape });
        }
        Points::new(values, shape[0], values.len() / shape[0])?;
        Ok(Self { values, shape })
    }
}

/// Owned pixels of equal shape.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    pub(crate) values: Vec<f32>,
    pub(crate) count: usize,
    /// Channels, rows, columns.
    pub(crate) shape: [usize; 3],
}

impl Pixels {
    /// Samples as a picture file would hold them: clamped and rounded to 256 grades, so that samples and the files
    /// they were saved in are judged alike.
    pub(crate) fn of_samples(images: Images<'_>) -> Self {
        let [count, channels, height, width] = images.shape;
        let values = images.values.iter().map(|&v| to_signed(from_signed(v))).collect();
        Self { values, count, shape: [channels, height, width] }
    }

    pub(crate) fn of_dataset(data: &Dataset) -> Self {
        let values = data.pixels().iter().map(|&p| to_signed(p)).collect();
        Self { values, count: data.len(), shape: [data.channels(), data.height(), data.width()] }
    }

    /// The same images without the two outer pixels, if they are 32×32 digits.
    pub(crate) fn into_digits(self) -> Result<Self> {
        match self.shape {
            [1, SIDE, SIDE] => Ok(self),
            [1, PADDED, PADDED] => Ok(Self {
                values: centres(&self.values, PADDED),
                count: self.count,
                shape: [1, SIDE, SIDE],
            }),
            [channels, height, width] => Err(Error::NotDigits { channels, height, width }),
        }
    }

    pub(crate) fn points(&self) -> Result<Points<'_>> {
        Points::new(&self.values, self.count, self.shape.iter().product())
    }
}
