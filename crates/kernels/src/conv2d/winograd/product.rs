//! The 36 matrix products, straight from transformed tiles.

use std::ops::Range;

use super::weights::plane;
use crate::gemm::{finish, micro, start};
use crate::simd::Simd;

/// Input channels of one stretch of products: a panel of weights of it stays in the first-level cache.
const DEPTH: usize = 256;
/// Tiles of one stretch of sums: its panels stay in the first-level cache.
const STRETCH: usize = 96;
/// Filters of a panel of transformed output gradients: whole vectors and whole register tiles of every instruction set.
pub(super) const GRADIENTS: usize = 48;

/// Tiles, of which only the first are filled; channels, whole vectors; and filters, whole panels.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Whole register tiles.
    pub(super) tiles: usize,
    pub(super) filled: usize,
    pub(super) channels: usize,
    pub(super) filters: usize,
}

/// `to[36][panel][tile][filter] = from[36][vector][tile][channel] · weights[panel][36][channel][filter]`: the channels of
/// `from` lie vector by vector, the filters panel by panel; `planes` are the distances of the 36 planes of `from` and `to`.
/// Of the channels `depths` are summed, which are all that `weights` holds; those after the first add to what `to` holds.
#[inline(always)]
pub(super) fn data<S: Simd>(
    s: S,
    sizes: Sizes,
    depths: Range<usize>,
    planes: [usize; 2],
    from: &[f32],
    weights: &[f32],
    to: &mut [f32],
) {
    match (S::ROWS, S::VECTORS) {
        (6, 2) => data_tiles::<S, 6, 2>(s, sizes, depths, planes, from, weights, to),
        (12, 2) => data_tiles::<S, 12, 2>(s, sizes, depths, planes, from, weights, to),
        (4, 2) => data_tiles::<S, 4, 2>(s, sizes, depths, planes, from, weights, to),
        _ => unreachable!("no micro-kernel for this tile"),
    }
}

#[inline(always)]
fn data_tiles<S: Simd, const R: usize, const V: usize>(
    s: S,
    sizes: Sizes,
    depths: Range<usize>,
    planes: [usize; 2],
    from: &[f32],
    weights: &[f32],
    to: &mut [f32],
) {
    let Sizes { tiles, filled, channels, filters } = sizes;
    let width = V * S::LANES;
    assert!(tiles.is_multiple_of(R) && filled <= tiles && filters.is_multiple_of(width));
    assert!(depths.start.is_multiple_of(S::LANES) && depths.len().is_multiple_of(S::LANES));
    assert!(depths.end <= channels);
    assert!(from.len() >= 35 * planes[0] + tiles * channels);
    assert!(to.len() >= 35 * planes[1] + tiles * filters);
    let plane = plane(depths.len(), width);
    assert!(weights.len() >= 36 * plane * (filters / width));
    for xi in 0..36 {
        for depth in depths.clone().step_by(DEPTH) {
            let length = DEPTH.min(depths.end - depth);
            for panel in 0..filters / width {
                let mut tile = 0;
                while tile < filled {
                    // SAFETY: the assertions above; no register tile has more rows than R.
                    unsafe {
                        let a = xi * planes[0] + depth * tiles + tile * S::LANES;
                        let b = (panel * 36 + xi) * plane + (depth - depths.start) * width;
                        let c = xi * planes[1] + (panel * tiles + tile) * width;
                        let at = Tile {
                            a: from.as_ptr().add(a),
                            distance: tiles * S::LANES,
                            b: weights.as_ptr().add(b),
                            c: to.as_mut_ptr().add(c),
                            add: depth > 0,
                        };
                        // The last tiles take fewer rows where they fill no whole ones: 32 are 24 and 8.
                        tile += match filled - tile {
                            rest if rest > 8 || R < 8 => at.multiply::<S, R, V>(s, length),
                            rest if rest > 4 => at.multiply::<S, 8, V>(s, length),
                            _ => at.multiply::<S, 4, V>(s, length),
                        };
                    }
                }
            }
        }
    }
}

/// Where one register tile of a product lies.
struct Tile {
    a: *const f32,
    /// Distance of the vectors of channels in `a`.
    distance: usize,
    b: *const f32,
    c: *mut f32,
    /// Whether the products are added to what is there.
    add: bool,
}

impl Tile {
    /// The product for `T` rows, which it returns.
    ///
    /// # Safety
    /// `a` and `b` are readable for `depth` channels, and `c` is writable for `T` rows.
    #[inline(always)]
    unsafe fn multiply<S: Simd, const T: usize, const V: usize>(
        &self,
        s: S,
        depth: usize,
    ) -> usize {
        let width = V * S::LANES;
        // SAFETY: the caller vouches for all of it.
        unsafe {
            let sums = start::<S, T, V>(s, self.add.then_some(self.c), width);
            let sums = vectors::<S, T, V>(s, depth, self.a, self.distance, self.b, sums);
            finish::<S, T, V>(s, sums, self.c, width);
        }
        T
    }
}

/// [`micro`] for left factors that lie vector by vector: that of row `i` at step `k` is
/// `a[k / LANES · distance + i · LANES + k % LANES]`, all but the first summand known when compiling.
///
/// # Safety
/// All factors of `depth` steps, whole vectors of them, are readable.
#[inline(always)]
unsafe fn vectors<S: Simd, const R: usize, const V: usize>(
    s: S,
    depth: usize,
    mut a: *const f32,
    distance: usize,
    mut b: *const f32,
    mut sums: [[S::V; V]; R],
) -> [[S::V; V]; R] {
    for _ in 0..depth / S::LANES {
        for k in 0..S::LANES {
            // SAFETY: the caller vouches for both factors.
            unsafe {
                let mut right = [s.splat(0.0); V];
                for (j, right) in right.iter_mut().enumerate() {
                    *right = s.load(b.add((k * V + j) * S::LANES));
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let left = s.splat(*a.add(i * S::LANES + k));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = s.fma(left, right, *sum);
                    }
                }
            }
        }
        a = a.wrapping_add(distance);
        b = b.wrapping_add(V * S::LANES * S::LANES);
    }
    sums
}

/// `to[filter][channel] = Σ_tile left[tile][filter] · right[tile][channel]` for one of the 36 planes; `rows` are the
/// filters from `first` on (whole register tiles), `left` lies in panels of [`GRADIENTS`] filters, `right` in panels of
/// the register tile's width, as does `to`: `[panel][filter][channel]`.
#[inline(always)]
pub(super) fn weights<S: Simd>(
    s: S,
    tiles: usize,
    rows: Range<usize>,
    left: &[f32],
    right: &[f32],
    to: &mut [f32],
) {
    match (S::ROWS, S::VECTORS) {
        (6, 2) => weight_tiles::<S, 6, 2>(s, tiles, rows, left, right, to),
        (12, 2) => weight_tiles::<S, 12, 2>(s, tiles, rows, left, right, to),
        (4, 2) => weight_tiles::<S, 4, 2>(s, tiles, rows, left, right, to),
        _ => unreachable!("no micro-kernel for this tile"),
    }
}

#[inline(always)]
fn weight_tiles<S: Simd, const R: usize, const V: usize>(
    s: S,
    tiles: usize,
    rows: Range<usize>,
    left: &[f32],
    right: &[f32],
    to: &mut [f32],
) {
    let width = V * S::LANES;
    assert!(tiles > 0 && rows.start.is_multiple_of(R) && rows.len().is_multiple_of(R));
    assert!(left.len() >= rows.end.next_multiple_of(GRADIENTS) * tiles);
    let panels = right.len() / (width * tiles);
    assert!(to.len() >= panels * rows.len() * width);
    for first in (0..tiles).step_by(STRETCH) {
        let length = STRETCH.min(tiles - first);
        for panel in 0..panels {
            for row in rows.clone().step_by(R) {
                // SAFETY: the assertions above.
                unsafe {
                    let a = (row / GRADIENTS * tiles + first) * GRADIENTS + row % GRADIENTS;
                    let b = (panel * tiles + first) * width;
                    let c = (panel * rows.len() + row - rows.start) * width;
                    let (a, b) = (left.as_ptr().add(a), right.as_ptr().add(b));
                    let c = to.as_mut_ptr().add(c);
                    let sums = start::<S, R, V>(s, (first > 0).then_some(c), width);
                    let sums = micro::<S, R, V>(s, length, a, [1, GRADIENTS], b, width, sums);
                    finish::<S, R, V>(s, sums, c, width);
                }
            }
        }
    }
}
