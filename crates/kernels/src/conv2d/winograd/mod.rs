//! Minimal filtering F(4×4, 3×3) (Winograd 1980; Lavin and Gray 2016, §4.3): a 4 × 4 tile of outputs from a 6 × 6 tile of
//! inputs with 36 products instead of 144.
//!
//! Tiles start at the corner of each image, so an image's result does not depend on its batch. Vector lanes are
//! channels: planes are turned to channels-last while they are in the cache, the transforms then work on whole vectors,
//! and the 36 matrix products `[tiles × channels] · [channels × filters]` read the transformed tiles as they lie.
//! The weight gradient is the transpose of the same bilinear map: 36 products `[filters × tiles] · [tiles × channels]`.
//! Relative error about 1e-6 for the passes over data, 1e-5 for the weight gradient (checked in the tests).
//! Memory: at most 16 MiB of transformed weights (for inference on few tiles 64 MiB more are kept, see `kept.rs`), and 16 MiB or per thread some 48 of transformed tiles.

mod by_filters;
mod by_parts;
mod group;
mod kept;
mod plan;
mod product;
mod stage;
mod transform;
mod weight_gradient;
mod weights;

use std::mem::MaybeUninit;
use std::ops::Range;

pub(super) use kept::{Kept, filters as kept};
pub(super) use plan::suits;
pub(super) use weight_gradient::weight_gradient;

use super::Geometry;
use crate::gemm::tile;
use crate::simd::{Isa, Simd};
use plan::{Plan, Planes, Segment};
use weights::Filters;

/// Values of transformed filters that all threads read over and over, at most: 16 MiB.
const FILTERS: usize = 1 << 22;

/// `y = conv(x, weight) + bias + residual`.
pub(super) fn forward(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
    y: &mut [MaybeUninit<f32>],
) {
    let bias = bias.map(|bias| whole_panels(isa, bias));
    convolve(isa, &Plan::forward(g), Filters::forward(g, weight), x, bias.as_deref(), residual, y);
}

/// [`forward`] with filters that were transformed before.
pub(super) fn forward_kept(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    kept: &Kept,
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
    y: &mut [MaybeUninit<f32>],
) {
    let bias = bias.map(|bias| whole_panels(isa, bias));
    let filters = Filters::kept(g, kept.values());
    convolve(isa, &Plan::forward(g), filters, x, bias.as_deref(), residual, y);
}

/// A bias filled up to whole panels of filters.
fn whole_panels(isa: Isa, bias: &[f32]) -> Vec<f32> {
    let mut whole = bias.to_vec();
    whole.resize(bias.len().next_multiple_of(tile(isa).1), 0.0);
    whole
}

/// `∂/∂x`: the convolution of `dy` with the filters turned around.
pub(super) fn data_gradient(
    isa: Isa,
    g: &Geometry,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [MaybeUninit<f32>],
) {
    let filters = Filters::data_gradient(g, weight);
    convolve(isa, &Plan::data_gradient(g), filters, dy, None, None, dx);
}

fn convolve(
    isa: Isa,
    plan: &Plan,
    filters: Filters<'_>,
    x: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
    y: &mut [MaybeUninit<f32>],
) {
    assert_eq!(x.len(), plan.images * plan.from.len(), "the input's size");
    assert_eq!(y.len(), plan.images * plan.to.len(), "the output's size");
    assert!(residual.is_none_or(|r| r.len() == y.len()), "the residual's size");
    let job = Job { plan, filters, x, bias, residual, y: y.as_mut_ptr().cast() };
    let parts = plan.parts(tile(isa).0);
    let (channels, filters) = padded(isa, plan);
    // Both ways give the same bits: they differ in what stays in which cache.
    if parts.len() >= 4 * rayon::current_num_threads() && 36 * channels * filters <= FILTERS {
        by_parts::run(isa, &job, &parts);
    } else {
        by_filters::run(isa, &job, &parts);
    }
}

/// What to convolve, and where to.
struct Job<'a> {
    plan: &'a Plan,
    filters: Filters<'a>,
    x: &'a [f32],
    /// Filled up to whole panels.
    bias: Option<&'a [f32]>,
    residual: Option<&'a [f32]>,
    y: *mut f32,
}

// SAFETY: `y` is written through `scatter` only, whose callers write disjoint rows or channels.
unsafe impl Sync for Job<'_> {}

impl<'a> Job<'a> {
    /// One image of the input.
    fn image(&self, image: usize) -> &'a [f32] {
        &self.x[image * self.plan.from.len()..][..self.plan.from.len()]
    }

    /// Writes the staged pixels of a segment, `padded` values each, to the `filters` of the output.
    ///
    /// # Safety
    /// Nothing else writes these rows of these filters.
    #[inline(always)]
    unsafe fn scatter<S: Simd>(
        &self,
        s: S,
        segment: &Segment,
        filters: Range<usize>,
        padded: usize,
        staged: &[f32],
    ) {
        let to = self.plan.to;
        let start = segment.image * to.len() + filters.start * to.pixels();
        let planes = Planes { channels: filters.len(), ..to };
        let residual = self.residual.map(|r| &r[start..]);
        let rows = self.plan.rows_out(segment);
        // SAFETY: the output has this image and these filters; the caller vouches that nobody else writes these rows.
        unsafe { stage::scatter(s, &planes, &rows, padded, staged, residual, self.y.add(start)) };
    }
}

/// Input channels filled up to whole vectors, and output channels to whole panels of the register tile.
fn padded(isa: Isa, plan: &Plan) -> (usize, usize) {
    let panel = tile(isa).1;
    let lanes = crate::simd::lanes(isa);
    (plan.from.channels.next_multiple_of(lanes), plan.to.channels.next_multiple_of(panel))
}
