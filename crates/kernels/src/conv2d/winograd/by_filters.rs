//! The convolution with one task for each panel of filters: the tiles of a group of parts are transformed first, by all
//! threads, then each task transforms its own filters, takes their products with all tiles of the group, and transforms
//! their outputs back. For few tiles, or for many channels, where the transformed filters fill more than a cache.
//! Filters are transformed, and used up, some channels at a time, so that they stay in the second-level cache.
//! Memory: the transformed tiles of a group, and per thread some transformed filters and the outputs of one panel.

use rayon::prelude::*;

use super::group::{Group, Panels};
use super::plan::Part;
use super::product::Sizes;
use super::transform::{self, Side};
use super::weights;
use super::{Job, padded, product};
use crate::gemm::tile;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch, lanes};

/// Input channels whose filters are transformed at a time.
const CHANNELS: usize = 128;

/// Does the whole job.
pub(super) fn run(isa: Isa, job: &Job<'_>, parts: &[Part]) {
    let (rows, width) = tile(isa);
    let (channels, filters) = padded(isa, job.plan);
    for group in &Group::all(job.plan, parts, 36 * channels) {
        let tiles = group.tiles.next_multiple_of(rows);
        let plane = tiles * channels + 16;
        scratch::with(36 * plane, |inputs| {
            let panels = Panels { width: lanes(isa), distance: tiles * lanes(isa), plane };
            group.transform_inputs(isa, job.plan, job.x, channels, panels, inputs);
            let (inputs, sizes) = (&*inputs, [tiles, channels]);
            (0..filters / width).into_par_iter().for_each(|panel| {
                dispatch(isa, Outputs { job, group, panel, sizes, plane, inputs });
            });
        });
    }
}

/// Products and outputs of one panel of filters.
struct Outputs<'a> {
    job: &'a Job<'a>,
    group: &'a Group,
    panel: usize,
    /// Tiles and channels.
    sizes: [usize; 2],
    plane: usize,
    inputs: &'a [f32],
}

impl Kernel for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { job, group, panel, sizes: [tiles, channels], plane, inputs } = self;
        let plan = job.plan;
        let width = S::VECTORS * S::LANES;
        let planes = [plane, tiles * width + 16];
        let pixels = group.segments.iter().map(|s| plan.rows_out(s).len() * plan.to.width);
        let filters = panel * width..(panel * width + width).min(plan.to.channels);
        let filter_plane = weights::plane(channels, width);
        let kept = job.filters.kept.map(|k| &k[panel * 36 * filter_plane..][..36 * filter_plane]);
        let own =
            if kept.is_some() { 0 } else { 36 * weights::plane(channels.min(CHANNELS), width) };
        let sizes = [own, 36 * planes[1], pixels.max().unwrap_or(0) * width];
        scratch::split(
            sizes,
            #[inline(always)]
            |[own, outputs, staged]| {
                let sizes = Sizes { tiles, filled: group.tiles, channels, filters: width };
                match kept {
                    Some(kept) => {
                        product::data(s, sizes, 0..channels, planes, inputs, kept, outputs);
                    }
                    None => {
                        for first in (0..channels).step_by(CHANNELS) {
                            let some = first..(first + CHANNELS).min(channels);
                            let own = &mut own[..36 * weights::plane(some.len(), width)];
                            job.filters.transform(s, panel, some.clone(), own);
                            product::data(s, sizes, some, planes, inputs, own, outputs);
                        }
                    }
                }
                let bias = job.bias.map(|b| &b[panel * width..]);
                for segment in &group.segments {
                    let (first, plane) = (segment.before, planes[1]);
                    let [channels, panel, distance] = [width; 3];
                    let at = Side { plan, segment, first, channels, panel, distance, plane };
                    transform::outputs(s, &at, outputs, bias, staged);
                    // SAFETY: this task alone writes these filters.
                    unsafe { job.scatter(s, segment, filters.clone(), width, staged) };
                }
            },
        );
    }
}
