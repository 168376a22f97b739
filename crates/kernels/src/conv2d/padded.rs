//! Planes with their border of zeros written out, so that packing needs no case for the border.

use rayon::prelude::*;

use crate::scratch;

/// Planes and the zeros around each.
#[derive(Clone, Copy)]
pub(super) struct Border {
    pub(super) planes: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) bottom: usize,
    pub(super) right: usize,
}

impl Border {
    /// Height of a padded plane.
    pub(super) fn full_height(&self) -> usize {
        self.top + self.height + self.bottom
    }

    /// Width of a padded plane.
    pub(super) fn full_width(&self) -> usize {
        self.left + self.width + self.right
    }

    /// Pixels of a padded plane.
    pub(super) fn full(&self) -> usize {
        self.full_height() * self.full_width()
    }

    /// Lends `work` the padded planes of `x`, or `x` itself where there is nothing to add.
    pub(super) fn with<R>(&self, x: &[f32], work: impl FnOnce(&[f32]) -> R) -> R {
        if self.top + self.left + self.bottom + self.right == 0 {
            return work(x);
        }
        let (full, plane) = (self.full(), self.height * self.width);
        scratch::with(self.planes * full, |padded| {
            // Several planes for each task, so that tiny ones do not drown in scheduling.
            let each = (16 * 1024_usize).div_ceil(full.max(1));
            padded.par_chunks_mut((each * full).max(1)).enumerate().for_each(|(task, planes)| {
                for (i, to) in planes.chunks_exact_mut(full).enumerate() {
                    let from = &x[(task * each + i) * plane..][..plane];
                    self.copy(from, to);
                }
            });
            work(padded)
        })
    }

    fn copy(&self, from: &[f32], to: &mut [f32]) {
        let width = self.full_width();
        let (top, rest) = to.split_at_mut(self.top * width);
        let (middle, bottom) = rest.split_at_mut(self.height * width);
        top.fill(0.0);
        bottom.fill(0.0);
        for (i, row) in middle.chunks_exact_mut(width.max(1)).enumerate() {
            row[..self.left].fill(0.0);
            row[self.left..self.left + self.width]
                .copy_from_slice(&from[i * self.width..(i + 1) * self.width]);
            row[self.left + self.width..].fill(0.0);
        }
    }
}
