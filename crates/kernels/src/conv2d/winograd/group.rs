//! Parts whose transformed tiles are kept together, and the transformation of their inputs by all threads.

use rayon::prelude::*;

use super::plan::{Part, Plan, Segment};
use super::stage;
use super::transform::{self, Side};
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Values of a group's transformed tiles, at most (unless one part has more): 16 MiB.
const VALUES: usize = 1 << 22;
/// Channels that one task transforms.
pub(super) const CHANNELS: usize = 64;

/// The tiles of some parts, numbered through.
pub(super) struct Group {
    pub(super) segments: Vec<Segment>,
    pub(super) tiles: usize,
}

impl Group {
    /// Groups of as many parts as keep `per_tile` values of each tile within [`VALUES`].
    pub(super) fn all(plan: &Plan, parts: &[Part], per_tile: usize) -> Vec<Self> {
        let most = parts.iter().map(|p| plan.tiles_of(p)).max().unwrap_or(0);
        let together = (VALUES / (per_tile * most).max(1)).max(1);
        parts.chunks(together).map(|parts| Self::of(plan, parts)).collect()
    }

    fn of(plan: &Plan, parts: &[Part]) -> Self {
        let (mut segments, mut tiles) = (Vec::new(), 0);
        for part in parts {
            let shifted = |s: Segment| Segment { before: s.before + tiles, ..s };
            segments.extend(plan.segments(part).map(shifted));
            tiles += plan.tiles_of(part);
        }
        Self { segments, tiles }
    }

    /// Transforms the inputs `x`, `channels` of them (whole vectors), into 36 planes of panels.
    pub(super) fn transform_inputs(
        &self,
        isa: Isa,
        plan: &Plan,
        x: &[f32],
        channels: usize,
        panels: Panels,
        tiles: &mut [f32],
    ) {
        let Panels { width, distance, plane } = panels;
        assert!(CHANNELS.is_multiple_of(width) && distance >= self.tiles * width);
        assert!(tiles.len() >= 35 * plane + channels.div_ceil(width) * distance);
        let shared = Tiles(tiles.as_mut_ptr());
        let blocks = channels.div_ceil(CHANNELS);
        (0..self.segments.len() * blocks).into_par_iter().for_each(|task| {
            let first = task % blocks * CHANNELS;
            let count = CHANNELS.min(channels - first);
            let segment = &self.segments[task / blocks];
            let tiles = &shared;
            dispatch(isa, Inputs { plan, segment, x, first, count, panels, tiles });
        });
    }
}

/// How transformed tiles lie: `[36 planes][panel][tile][channel in the panel]`.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    /// Channels of a panel.
    pub(super) width: usize,
    /// Distance of panels.
    pub(super) distance: usize,
    /// Distance of planes.
    pub(super) plane: usize,
}

/// A pointer to planes of transformed tiles, of which each task writes its own.
pub(super) struct Tiles(pub(super) *mut f32);

// SAFETY: tasks write disjoint tiles or channels.
unsafe impl Sync for Tiles {}

impl Tiles {
    /// The same planes from `offset` on.
    ///
    /// # Safety
    /// The offset lies inside the first plane.
    pub(super) unsafe fn from(&self, offset: usize) -> Self {
        // SAFETY: the caller vouches for it.
        Self(unsafe { self.0.add(offset) })
    }
}

/// Transforms `count` channels of one segment's inputs.
struct Inputs<'a> {
    plan: &'a Plan,
    segment: &'a Segment,
    x: &'a [f32],
    first: usize,
    count: usize,
    panels: Panels,
    tiles: &'a Tiles,
}

impl Kernel for Inputs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { plan, segment, x, first, count: channels, panels, tiles } = self;
        let Panels { width: panel, distance, plane } = panels;
        let (planes, x) = plan.from.channels_of(x, segment.image, first, channels);
        let rows = plan.rows_in(segment);
        scratch::with(
            (rows.len() * plan.from.width + 1) * channels,
            #[inline(always)]
            |staged| {
                stage::gather(s, &planes, &rows, channels, x, staged);
                let before = segment.before;
                let at = Side { plan, segment, first: before, channels, panel, distance, plane };
                // SAFETY: the planes hold all tiles of the group, as asserted; this task alone writes these channels.
                unsafe { transform::inputs(s, &at, staged, tiles.0.add(first / panel * distance)) };
            },
        );
    }
}
