//! Planes with their border of zeros written out, so that packing needs no case for the border, and, for strides, cut into
//! phases: every `stride`-th row and column, so that what one tap meets lies side by side.

use rayon::prelude::*;

use crate::scratch;

/// Planes, the zeros around each, and how many phases they are cut into.
#[derive(Clone, Copy)]
pub(super) struct Border {
    /// Rows and columns of phases, `[phase row][phase column]` one plane after the other.
    pub(super) phases: [usize; 2],
    pub(super) planes: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) bottom: usize,
    pub(super) right: usize,
}

impl Border {
    /// Height of one phase of a padded plane.
    pub(super) fn phase_height(&self) -> usize {
        (self.top + self.height + self.bottom).div_ceil(self.phases[0])
    }

    /// Width of one phase of a padded plane.
    pub(super) fn phase_width(&self) -> usize {
        (self.left + self.width + self.right).div_ceil(self.phases[1])
    }

    /// Values of a padded plane, all phases.
    pub(super) fn full(&self) -> usize {
        self.phases[0] * self.phases[1] * self.phase_height() * self.phase_width()
    }

    /// The place of a padded plane's pixel.
    pub(super) fn place(&self, row: usize, column: usize) -> usize {
        let [down, across] = self.phases;
        let phase = row % down * across + column % across;
        (phase * self.phase_height() + row / down) * self.phase_width() + column / across
    }

    /// Lends `work` the padded planes of `x`, or `x` itself where there is nothing to do.
    pub(super) fn with<R>(&self, x: &[f32], work: impl FnOnce(&[f32]) -> R) -> R {
        if self.top + self.left + self.bottom + self.right == 0 && self.phases == [1, 1] {
            return work(x);
        }
        let (full, plane) = (self.full(), self.height * self.width);
        // A place is the sum of its row's and its column's: both are looked up, for divisions cost more than copies.
        let rows: Vec<usize> = (0..self.height).map(|row| self.place(self.top + row, 0)).collect();
        let columns: Vec<usize> = (0..self.phases[1].min(self.width))
            .map(|first| self.place(0, self.left + first))
            .collect();
        scratch::with(self.planes * full, |padded| {
            // Several planes for each task, so that tiny ones do not drown in scheduling.
            let each = (16 * 1024_usize).div_ceil(full.max(1));
            padded.par_chunks_mut((each * full).max(1)).enumerate().for_each(|(task, planes)| {
                for (i, to) in planes.chunks_exact_mut(full).enumerate() {
                    let from = &x[(task * each + i) * plane..][..plane];
                    to.fill(0.0);
                    for (row, from) in rows.iter().zip(from.chunks_exact(self.width.max(1))) {
                        copy_row(from, &columns, &mut to[*row..]);
                    }
                }
            });
            work(padded)
        })
    }
}

/// Copies one row of a plane into its phases, which begin at `places`.
fn copy_row(from: &[f32], places: &[usize], to: &mut [f32]) {
    for (first, place) in places.iter().enumerate() {
        let across = places.len();
        let count = (from.len() - first).div_ceil(across);
        let to = &mut to[*place..][..count];
        match across {
            1 => to.copy_from_slice(from),
            2 => {
                // Two at a time, which compilers turn into shuffles; the last may stand alone.
                let (pairs, rest) = from[first..].as_chunks::<2>();
                to.iter_mut().zip(pairs).for_each(|(to, pair)| *to = pair[0]);
                if let (Some(to), Some(last)) = (to.last_mut(), rest.first()) {
                    *to = *last;
                }
            }
            _ => to.iter_mut().zip(from[first..].iter().step_by(across)).for_each(|(t, f)| *t = *f),
        }
    }
}
