//! The weight gradient: `dw = Gᵀ [Σ_tiles (Bᵀ d B) ⊙ (A dy Aᵀ)] G`.
//!
//! Groups of parts, whose size depends on the geometry alone, are transformed by all threads; then each task takes the 36
//! products of some filters with all channels over the tiles of the group, in order, transforms the sums back and adds
//! them to its filters' gradients. So no sum depends on the number of threads.
//! Memory: the transformed tiles of a group, and per thread the 36 sums of some filters and channels.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::super::Geometry;
use super::group::{Group, Panels, Tiles};
use super::plan::{Plan, Segment};
use super::product::GRADIENTS;
use super::transform::{self, Side};
use super::{product, stage};
use crate::gemm::tile;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch, lanes};

/// Filters of one task, at most; sums of them with [`COLUMNS`] channels stay near the second-level cache.
const FILTERS: usize = 48;
/// Channels whose sums are taken, and transformed back, at a time: whole panels of every instruction set.
const COLUMNS: usize = 96;

/// `∂/∂weight [filters, channels, 3, 3]`.
pub(in super::super) fn weight_gradient(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [MaybeUninit<f32>],
) {
    let plan = Plan::forward(g);
    assert_eq!(x.len(), plan.images * plan.from.len(), "the input's size");
    assert_eq!(dy.len(), plan.images * plan.to.len(), "the output gradient's size");
    assert_eq!(dweight.len(), g.weight_len(), "the weight's size");
    dweight.fill(MaybeUninit::new(0.0));
    // SAFETY: just filled.
    let dweight = unsafe { dweight.assume_init_mut() };
    let ((rows, width), lanes) = (tile(isa), lanes(isa));
    // Whole panels of both, since products take whole register tiles.
    let sizes = [g.channels.next_multiple_of(width), g.filters.next_multiple_of(GRADIENTS)];
    let even = g.filters.div_ceil(rows).div_ceil(2 * rayon::current_num_threads()).max(1);
    let block = rows * even.min(FILTERS.div_ceil(rows));
    for group in &Group::all(&plan, &plan.parts(rows), 36 * (sizes[0] + sizes[1])) {
        let tiles = group.tiles;
        let planes = sizes.map(|size| tiles * size + 16);
        scratch::split([36 * planes[0], 36 * planes[1]], |[inputs, gradients]| {
            let channels = g.channels.next_multiple_of(lanes);
            let panels = Panels { width, distance: tiles * width, plane: planes[0] };
            group.transform_inputs(isa, &plan, x, channels, panels, inputs);
            let shared = Tiles(gradients.as_mut_ptr());
            let filters = g.filters.next_multiple_of(lanes);
            let blocks = filters.div_ceil(GRADIENTS);
            (0..group.segments.len() * blocks).into_par_iter().for_each(|task| {
                let panel = task % blocks;
                let count = GRADIENTS.min(filters - panel * GRADIENTS);
                let (plan, segment, plane) = (&plan, &group.segments[task / blocks], planes[1]);
                // SAFETY: the panel lies inside the first plane.
                let tiles = &unsafe { shared.from(panel * tiles * GRADIENTS) };
                dispatch(isa, Gradients { plan, segment, dy, panel, count, plane, tiles });
            });
            let (inputs, gradients) = (&*inputs, &*gradients);
            let filter = 9 * g.channels;
            dweight.par_chunks_mut(block * filter).enumerate().for_each(|(task, dweight)| {
                let (first, channels) = (task * block, g.channels);
                let job = Sums { tiles, first, channels, planes, inputs, gradients, dweight };
                dispatch(isa, job);
            });
        });
    }
}

/// Transforms `count` filters of one segment's output gradients, a panel of them.
struct Gradients<'a> {
    plan: &'a Plan,
    segment: &'a Segment,
    dy: &'a [f32],
    panel: usize,
    count: usize,
    plane: usize,
    /// The panel in the first plane.
    tiles: &'a Tiles,
}

impl Kernel for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { plan, segment, dy, panel, count: channels, plane, tiles } = self;
        let (planes, dy) = plan.to.channels_of(dy, segment.image, panel * GRADIENTS, channels);
        let rows = plan.rows_out(segment);
        scratch::with(
            (rows.len() * plan.to.width + 1) * channels,
            #[inline(always)]
            |staged| {
                stage::gather(s, &planes, &rows, channels, dy, staged);
                let (first, panel, distance) = (segment.before, GRADIENTS, 0);
                let at = Side { plan, segment, first, channels, panel, distance, plane };
                // SAFETY: the planes hold all tiles of the group, and this task alone writes these filters of them.
                unsafe { transform::output_gradients(s, &at, staged, tiles.0) };
            },
        );
    }
}

/// The products of some filters, and their gradients.
struct Sums<'a> {
    tiles: usize,
    /// The first filter.
    first: usize,
    channels: usize,
    planes: [usize; 2],
    inputs: &'a [f32],
    gradients: &'a [f32],
    dweight: &'a mut [f32],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = S::VECTORS * S::LANES;
        let columns = self.channels.next_multiple_of(width);
        let count = self.dweight.len() / (9 * self.channels);
        let rows = self.first..self.first + count.next_multiple_of(S::ROWS);
        let panel = rows.len() * width;
        for column in (0..columns).step_by(COLUMNS) {
            let some = COLUMNS.min(columns - column);
            let plane = rows.len() * some + 16;
            scratch::with(
                36 * plane,
                #[inline(always)]
                |sums| {
                    for (xi, sums) in sums.chunks_exact_mut(plane).enumerate() {
                        let left = &self.gradients[xi * self.planes[1]..];
                        let right = &self.inputs[xi * self.planes[0] + self.tiles * column..];
                        let right = &right[..self.tiles * some];
                        product::weights(s, self.tiles, rows.clone(), left, right, sums);
                    }
                    let filters = self.dweight.chunks_exact_mut(9 * self.channels);
                    for (filter, dweight) in filters.enumerate() {
                        let end = (column + some).min(self.channels);
                        let dweight = &mut dweight[9 * column..9 * end];
                        for (first, dweight) in dweight.chunks_mut(9 * width).enumerate() {
                            taps(s, &sums[first * panel + filter * width..], plane, dweight);
                        }
                    }
                },
            );
        }
    }
}

/// Transforms a panel of the sums of one filter back, `sums` in 36 planes, and adds them to its gradient.
#[inline(always)]
fn taps<S: Simd>(s: S, sums: &[f32], plane: usize, dweight: &mut [f32]) {
    let channels = dweight.len() / 9;
    assert!(sums.len() >= 35 * plane + channels.next_multiple_of(S::LANES));
    for channel in (0..channels).step_by(S::LANES) {
        let mut lanes = [[0.0_f32; 16]; 9];
        // SAFETY: whole vectors of channels exist in each plane, as asserted; arrays hold 16 ≥ LANES values.
        unsafe {
            let mut u = [[s.splat(0.0); 6]; 6];
            for (i, row) in u.iter_mut().enumerate() {
                for (j, u) in row.iter_mut().enumerate() {
                    *u = s.load(sums.as_ptr().add((6 * i + j) * plane + channel));
                }
            }
            for (i, row) in transform::weight_gradients(s, u).iter().enumerate() {
                for (j, g) in row.iter().enumerate() {
                    s.store(lanes[3 * i + j].as_mut_ptr(), *g);
                }
            }
        }
        let filters = dweight[9 * channel..].chunks_exact_mut(9).take(S::LANES);
        for (lane, filter) in filters.enumerate() {
            for (tap, lanes) in filter.iter_mut().zip(&lanes) {
                *tap += lanes[lane];
            }
        }
    }
}
