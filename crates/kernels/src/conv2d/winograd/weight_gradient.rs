//! The weight gradient: `dw = Gᵀ [Σ_tiles (Bᵀ d B) ⊙ (A dy Aᵀ)] G`.
//!
//! Groups of parts, whose size depends on the geometry alone, are transformed in parallel; then the 36 products of the
//! group are added to the sums, in parallel over the planes. So each sum runs over the tiles in order.
//! Memory: the transformed tiles of a group, and sums 4 times the weights.

use std::ops::Range;

use rayon::prelude::*;

use super::super::Geometry;
use super::plan::{Part, Plan, Side};
use super::{padded, product, stage, transform};
use crate::gemm::tile;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Values of a group's transformed tiles, at most (unless one part has more): 8 MiB.
const GROUP: usize = 1 << 21;

/// `∂/∂weight [filters, channels, 3, 3]`.
pub(in super::super) fn weight_gradient(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
) {
    let plan = Plan::forward(g);
    assert_eq!(x.len(), plan.images * plan.from.len(), "the input's size");
    assert_eq!(dy.len(), plan.images * plan.to.len(), "the output gradient's size");
    assert_eq!(dweight.len(), g.weight_len(), "the weight's size");
    let (rows, width) = tile(isa);
    let channels = g.channels.next_multiple_of(width);
    // Filters as lanes of the transform are whole vectors, as rows of the products whole tiles of rows.
    let filters = g.filters.next_multiple_of(width);
    let sum_rows = g.filters.next_multiple_of(rows);
    let parts = plan.parts();
    let per_tile = 36 * (channels + filters);
    let most = parts.iter().map(|p| plan.tiles_of(p)).max().unwrap_or(0);
    let together = (GROUP / (per_tile * most).max(1)).max(1);
    let sum_plane = sum_rows * channels;
    scratch::with(36 * sum_plane, |sums| {
        sums.par_chunks_mut(sum_plane).for_each(|s| s.fill(0.0));
        for group in parts.chunks(together) {
            let tiles: usize = group.iter().map(|p| plan.tiles_of(p)).sum();
            // A line between planes, and whole tiles of rows readable after the last tile.
            let planes = [tiles * channels + 16, tiles * filters + 16 + sum_rows];
            scratch::split([36 * planes[0], 36 * planes[1]], |[left, right]| {
                let (inputs, gradients) = (Planes(left.as_mut_ptr()), Planes(right.as_mut_ptr()));
                let mut firsts = Vec::with_capacity(group.len());
                group.iter().fold(0, |first, part| {
                    firsts.push(first);
                    first + plan.tiles_of(part)
                });
                group.par_iter().zip(firsts).for_each(|(part, first)| {
                    let plan = &plan;
                    dispatch(
                        isa,
                        Tiles {
                            plan,
                            part,
                            first,
                            planes,
                            x,
                            dy,
                            inputs: &inputs,
                            gradients: &gradients,
                        },
                    );
                });
                // Two tasks for each plane: halves of the filters.
                let half = (sum_rows / rows).div_ceil(2) * rows;
                let halves = sums.par_chunks_mut(sum_plane).enumerate().flat_map(|(xi, sums)| {
                    let (low, high) = sums.split_at_mut(half * channels);
                    [(xi, 0..half, low), (xi, half..sum_rows, high)].into_par_iter()
                });
                halves.for_each(|(xi, range, sums)| {
                    let inputs = &left[xi * planes[0]..][..tiles * channels];
                    let gradients = &right[xi * planes[1]..][..planes[1]];
                    dispatch(
                        isa,
                        Products { tiles, channels, filters, range, inputs, gradients, sums },
                    );
                });
            });
        }
        let sums = &*sums;
        dweight.par_chunks_mut(9 * g.channels).enumerate().for_each(|(filter, dweight)| {
            dispatch(isa, Taps { filter, channels, plane: sum_plane, sums, dweight });
        });
    });
}

/// A pointer to 36 planes of transformed tiles, of which each part writes its own tiles.
struct Planes(*mut f32);

// SAFETY: parts write disjoint tiles.
unsafe impl Sync for Planes {}

struct Tiles<'a> {
    plan: &'a Plan,
    part: &'a Part,
    first: usize,
    planes: [usize; 2],
    x: &'a [f32],
    dy: &'a [f32],
    inputs: &'a Planes,
    gradients: &'a Planes,
}

impl Kernel for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (plan, part) = (self.plan, self.part);
        let (channels, filters) = (padded(s, plan.from.channels), padded(s, plan.to.channels));
        let sizes = [plan.staged_in(part) * channels, (plan.staged_out(part) + 1) * filters];
        scratch::split(
            sizes,
            #[inline(always)]
            |[x, dy]| {
                for image in part.images.clone() {
                    let first =
                        self.first + (image - part.images.start) * plan.tiles_of_image(part);
                    let from = &self.x[image * plan.from.len()..][..plan.from.len()];
                    stage::gather(s, &plan.from, &plan.rows_in(part), channels, from, x);
                    let at = Side { plan, part, first, channels, plane: self.planes[0] };
                    // SAFETY: the planes hold all tiles of the group, and this part alone writes its own.
                    unsafe { transform::inputs(s, &at, x, self.inputs.0) };
                    let from = &self.dy[image * plan.to.len()..][..plan.to.len()];
                    stage::gather(s, &plan.to, &plan.rows_out(part), filters, from, dy);
                    let at = Side { plan, part, first, channels: filters, plane: self.planes[1] };
                    // SAFETY: as above.
                    unsafe { transform::output_gradients(s, &at, dy, self.gradients.0) };
                }
            },
        );
    }
}

struct Products<'a> {
    tiles: usize,
    channels: usize,
    filters: usize,
    range: Range<usize>,
    inputs: &'a [f32],
    gradients: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let strides = [self.filters, self.channels, self.channels];
        let left = &self.gradients[self.range.start..];
        let sizes = [self.tiles, self.range.len(), self.channels];
        product::weights(s, sizes, strides, left, self.inputs, self.sums);
    }
}

struct Taps<'a> {
    filter: usize,
    channels: usize,
    plane: usize,
    sums: &'a [f32],
    dweight: &'a mut [f32],
}

impl Kernel for Taps<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        assert!(self.sums.len() >= 35 * self.plane + (self.filter + 1) * self.channels);
        for channel in (0..self.dweight.len() / 9).step_by(S::LANES) {
            let mut lanes = [[0.0_f32; 16]; 9];
            // SAFETY: channels are whole vectors, as asserted; arrays hold 16 ≥ LANES values.
            unsafe {
                let mut u = [[s.splat(0.0); 6]; 6];
                for (i, row) in u.iter_mut().enumerate() {
                    for (j, u) in row.iter_mut().enumerate() {
                        let at = (6 * i + j) * self.plane + self.filter * self.channels + channel;
                        *u = s.load(self.sums.as_ptr().add(at));
                    }
                }
                for (i, row) in transform::weight_gradients(s, u).iter().enumerate() {
                    for (j, g) in row.iter().enumerate() {
                        s.store(lanes[3 * i + j].as_mut_ptr(), *g);
                    }
                }
            }
            let filters = self.dweight[9 * channel..].chunks_exact_mut(9).take(S::LANES);
            for (lane, filter) in filters.enumerate() {
                for (tap, lanes) in filter.iter_mut().zip(&lanes) {
                    *tap = lanes[lane];
                }
            }
        }
    }
}
