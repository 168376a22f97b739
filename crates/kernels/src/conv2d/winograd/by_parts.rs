//! The convolution with one task for each part of the tiles: it transforms the part's inputs, takes the products with all
//! filters, and transforms the outputs back. For many parts, whose tiles then stay in the thread's own caches.

use rayon::prelude::*;

use super::plan::Part;
use super::product::Sizes;
use super::transform::{self, Side};
use super::weights::plane;
use super::{Job, padded, product, stage};
use crate::gemm::tile;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Does the whole job.
pub(super) fn run(isa: Isa, job: &Job<'_>, parts: &[Part]) {
    let width = tile(isa).1;
    let (channels, filters) = padded(isa, job.plan);
    let each = 36 * plane(channels, width);
    let convolve = |weights: &[f32]| {
        parts
            .par_iter()
            .for_each(|part| dispatch(isa, Convolve { job, part, weights, channels, filters }));
    };
    match job.filters.kept {
        Some(weights) => convolve(weights),
        None => scratch::with(each * (filters / width), |weights| {
            weights.par_chunks_mut(each).enumerate().for_each(|(panel, out)| {
                dispatch(isa, Transform { job, panel, channels, out });
            });
            convolve(weights);
        }),
    }
}

struct Transform<'a> {
    job: &'a Job<'a>,
    panel: usize,
    channels: usize,
    out: &'a mut [f32],
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.job.filters.transform(s, self.panel, 0..self.channels, self.out);
    }
}

struct Convolve<'a> {
    job: &'a Job<'a>,
    part: &'a Part,
    weights: &'a [f32],
    channels: usize,
    filters: usize,
}

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { job, part, weights, channels, filters } = self;
        let plan = job.plan;
        let filled = plan.tiles_of(part);
        let rows = filled.next_multiple_of(S::ROWS);
        // One line more than the tiles fill, lest all 36 planes fall on the same cache sets.
        let planes = [rows * channels + 16, rows * filters + 16];
        let staged = (plan.staged_in(part) * channels).max(plan.staged_out(part) * filters);
        scratch::split(
            [staged, 36 * planes[0], 36 * planes[1]],
            #[inline(always)]
            |[staged, tiles_in, tiles_out]| {
                for segment in &mut plan.segments(part) {
                    let x = job.image(segment.image);
                    stage::gather(s, &plan.from, &plan.rows_in(&segment), channels, x, staged);
                    let at = Side {
                        plan,
                        segment: &segment,
                        first: segment.before,
                        channels,
                        panel: S::LANES,
                        distance: rows * S::LANES,
                        plane: planes[0],
                    };
                    // SAFETY: a part has this many tiles, and the planes are this thread's own.
                    unsafe { transform::inputs(s, &at, staged, tiles_in.as_mut_ptr()) };
                }
                let sizes = Sizes { tiles: rows, filled, channels, filters };
                product::data(s, sizes, 0..channels, planes, tiles_in, weights, tiles_out);
                for segment in &mut plan.segments(part) {
                    let at = Side {
                        plan,
                        segment: &segment,
                        first: segment.before,
                        channels: filters,
                        panel: S::VECTORS * S::LANES,
                        distance: rows * S::VECTORS * S::LANES,
                        plane: planes[1],
                    };
                    transform::outputs(s, &at, tiles_out, job.bias, staged);
                    // SAFETY: this part alone writes its rows of its images.
                    unsafe { job.scatter(s, &segment, 0..plan.to.channels, filters, staged) };
                }
            },
        );
    }
}
