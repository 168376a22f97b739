//! A borrowed set of points: the common input of every distance in this crate.

use nalgebra::DMatrixView;
use rayon::prelude::*;

use crate::{Error, Result};

/// `count` finite points of `dim` dimensions, one after the other: pixels of images or their features.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    values: &'a [f32],
    count: usize,
    dim: usize,
}

impl<'a> Points<'a> {
    /// Views `values` as `count` points of `dim` dimensions.
    ///
    /// # Errors
    /// If `dim` is 0, there are not `count · dim` values, or one is not finite.
    pub fn new(values: &'a [f32], count: usize, dim: usize) -> Result<Self> {
        if dim == 0 {
            return Err(Error::NoDimensions);
        }
        if count.checked_mul(dim) != Some(values.len()) {
            return Err(Error::Length { values: values.len(), count, dim });
        }
        match values.par_iter().position_first(|v| !v.is_finite()) {
            Some(at) => {
                Err(Error::NotFinite { point: at / dim, index: at % dim, value: values[at].into() })
            }
            None => Ok(Self { values, count, dim }),
        }
    }

    /// Number of points.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Dimensions of each.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All coordinates, point after point.
    #[must_use]
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Coordinates of point `i`, which is below [`count`](Self::count).
    #[must_use]
    pub fn point(&self, i: usize) -> &'a [f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// Points `first..first + count` as the columns of a matrix.
    pub(crate) fn columns(&self, first: usize, count: usize) -> DMatrixView<'a, f32> {
        DMatrixView::from_slice(
            &self.values[first * self.dim..(first + count) * self.dim],
            self.dim,
            count,
        )
    }

    /// Refuses two sets of different dimension.
    pub(crate) fn same_dim(&self, other: &Self) -> Result<()> {
        if self.dim == other.dim {
            return Ok(());
        }
        Err(Error::Dimensions { first: self.dim, second: other.dim })
    }
}
