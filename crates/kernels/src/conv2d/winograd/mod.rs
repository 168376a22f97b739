//! Minimal filtering F(4×4, 3×3) (Winograd 1980; Lavin and Gray 2016, §4.3): a 4 × 4 tile of outputs from a 6 × 6 tile of
//! inputs with 36 products instead of 144.
//!
//! Tiles start at the corner of each image, so an image's result does not depend on its batch. Vector lanes are
//! channels: planes are turned to channels-last while they are in the cache, the transforms then work on whole vectors,
//! and the 36 matrix products `[tiles × channels] · [channels × filters]` read the transformed tiles as they lie.
//! The weight gradient is the transpose of the same bilinear map: 36 products `[filters × tiles] · [tiles × channels]`.
//! Relative error about 1e-6 for the passes over data, 1e-5 for the weight gradient (checked in the tests).
//! Memory: the transformed weights, 4 times the weights; per thread some 48 transformed tiles.

mod plan;
mod product;
mod stage;
mod transform;
mod weight_gradient;
mod weights;

use rayon::prelude::*;

pub(super) use plan::suits;
pub(super) use weight_gradient::weight_gradient;

use super::Geometry;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};
use plan::{Part, Plan, Side};
use weights::{Filters, transformed};

/// `y = conv(x, weight) + bias`.
pub(super) fn forward(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    convolve(isa, &Plan::forward(g), &Filters::forward(g, weight), x, bias, y);
}

/// `∂/∂x`: the convolution of `dy` with the filters turned around.
pub(super) fn data_gradient(isa: Isa, g: &Geometry, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
    convolve(isa, &Plan::data_gradient(g), &Filters::data_gradient(g, weight), dy, None, dx);
}

fn convolve(
    isa: Isa,
    plan: &Plan,
    filters: &Filters<'_>,
    x: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    let output = Shared(y.as_mut_ptr());
    assert_eq!(x.len(), plan.images * plan.from.len(), "the input's size");
    assert_eq!(y.len(), plan.images * plan.to.len(), "the output's size");
    transformed(isa, filters, |weights| {
        plan.parts().into_par_iter().for_each(|part| {
            dispatch(isa, Convolve { plan, part, x, weights, bias, y: &output });
        });
    });
}

/// A pointer to the output, of which each task writes other rows.
struct Shared(*mut f32);

// SAFETY: parts of a plan cover disjoint rows of disjoint images.
unsafe impl Sync for Shared {}

/// One part of the tiles, all steps.
struct Convolve<'a> {
    plan: &'a Plan,
    part: Part,
    x: &'a [f32],
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    y: &'a Shared,
}

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (plan, part) = (self.plan, &self.part);
        let tiles = plan.tiles_of(part);
        let rows = tiles.next_multiple_of(S::ROWS);
        let (channels, filters) = (padded(s, plan.from.channels), padded(s, plan.to.channels));
        // One line more than the tiles fill, lest all 36 planes fall on the same cache sets.
        let (in_plane, out_plane) = (rows * channels + 16, rows * filters + 16);
        let staged = plan.staged_in(part) * channels;
        let written = plan.staged_out(part) * filters;
        scratch::split(
            [staged, 36 * in_plane, 36 * out_plane, written],
            #[inline(always)]
            |[staged, tiles_in, tiles_out, written]| {
                for image in part.images.clone() {
                    let x = &self.x[image * plan.from.len()..][..plan.from.len()];
                    let first = (image - part.images.start) * plan.tiles_of_image(part);
                    stage::gather(s, &plan.from, &plan.rows_in(part), channels, x, staged);
                    let at = Side { part, plan, first, channels, plane: in_plane };
                    // SAFETY: a part has this many tiles, and the planes are this thread's own.
                    unsafe { transform::inputs(s, &at, staged, tiles_in.as_mut_ptr()) };
                }
                product::data(
                    s,
                    [rows, channels, filters],
                    [in_plane, out_plane],
                    tiles_in,
                    self.weights,
                    tiles_out,
                );
                for image in part.images.clone() {
                    let first = (image - part.images.start) * plan.tiles_of_image(part);
                    let at = Side { part, plan, first, channels: filters, plane: out_plane };
                    transform::outputs(s, &at, tiles_out, written);
                    // SAFETY: the asserted size of the output; this part alone writes its rows of its images.
                    unsafe {
                        let y = self.y.0.add(image * plan.to.len());
                        stage::scatter(
                            s,
                            &plan.to,
                            &plan.rows_out(part),
                            filters,
                            written,
                            self.bias,
                            y,
                        );
                    }
                }
            },
        );
    }
}

/// Channels filled up to whole panels of the register tile.
#[inline(always)]
fn padded<S: Simd>(_: S, channels: usize) -> usize {
    channels.next_multiple_of(S::VECTORS * S::LANES)
}
