//! The 36 matrix products, straight from transformed tiles.

use crate::gemm::{finish, micro, start};
use crate::simd::Simd;

/// Input channels of one stretch of products: a panel of weights of it stays in the first-level cache.
const DEPTH: usize = 256;

/// `to[36][tile][filter] = from[36][tile][channel] · weights[panel of filters][36][channel][filter]`; tiles, channels and
/// filters are whole tiles and panels, `planes` the distances of the 36 planes of `from` and `to`.
#[inline(always)]
pub(super) fn data<S: Simd>(
    s: S,
    sizes: [usize; 3],
    planes: [usize; 2],
    from: &[f32],
    weights: &[f32],
    to: &mut [f32],
) {
    match (S::ROWS, S::VECTORS) {
        (6, 2) => data_tiles::<S, 6, 2>(s, sizes, planes, from, weights, to),
        (8, 3) => data_tiles::<S, 8, 3>(s, sizes, planes, from, weights, to),
        (4, 2) => data_tiles::<S, 4, 2>(s, sizes, planes, from, weights, to),
        _ => unreachable!("no micro-kernel for this tile"),
    }
}

#[inline(always)]
fn data_tiles<S: Simd, const R: usize, const V: usize>(
    s: S,
    [tiles, channels, filters]: [usize; 3],
    planes: [usize; 2],
    from: &[f32],
    weights: &[f32],
    to: &mut [f32],
) {
    let width = V * S::LANES;
    assert!(tiles.is_multiple_of(R) && filters.is_multiple_of(width));
    assert!(from.len() >= 35 * planes[0] + tiles * channels);
    assert!(to.len() >= 35 * planes[1] + tiles * filters);
    assert!(weights.len() >= 36 * channels * filters);
    for xi in 0..36 {
        for depth in (0..channels).step_by(DEPTH) {
            let length = DEPTH.min(channels - depth);
            for panel in 0..filters / width {
                for tile in (0..tiles).step_by(R) {
                    // SAFETY: the assertions above.
                    unsafe {
                        let a = from.as_ptr().add(xi * planes[0] + tile * channels + depth);
                        let b =
                            weights.as_ptr().add(((panel * 36 + xi) * channels + depth) * width);
                        let c =
                            to.as_mut_ptr().add(xi * planes[1] + tile * filters + panel * width);
                        let sums = start::<S, R, V>(s, (depth > 0).then_some(c), filters);
                        let sums = micro::<S, R, V>(s, length, a, [channels, 1], b, width, sums);
                        finish::<S, R, V>(s, sums, c, filters);
                    }
                }
            }
        }
    }
}

/// `to[filter][channel] += Σ_tile left[tile][filter] · right[tile][channel]` for one of the 36 planes; `sizes` are the
/// tiles, the filters (whole tiles of rows) and the channels (whole panels), `strides` those of `left`, `right` and `to`.
#[inline(always)]
pub(super) fn weights<S: Simd>(
    s: S,
    sizes: [usize; 3],
    strides: [usize; 3],
    left: &[f32],
    right: &[f32],
    to: &mut [f32],
) {
    match (S::ROWS, S::VECTORS) {
        (6, 2) => weight_tiles::<S, 6, 2>(s, sizes, strides, left, right, to),
        (8, 3) => weight_tiles::<S, 8, 3>(s, sizes, strides, left, right, to),
        (4, 2) => weight_tiles::<S, 4, 2>(s, sizes, strides, left, right, to),
        _ => unreachable!("no micro-kernel for this tile"),
    }
}

#[inline(always)]
fn weight_tiles<S: Simd, const R: usize, const V: usize>(
    s: S,
    [tiles, rows, channels]: [usize; 3],
    strides: [usize; 3],
    left: &[f32],
    right: &[f32],
    to: &mut [f32],
) {
    let width = V * S::LANES;
    if tiles == 0 {
        return;
    }
    assert!(rows.is_multiple_of(R) && channels.is_multiple_of(width));
    assert!(left.len() >= (tiles - 1) * strides[0] + rows);
    assert!(right.len() >= (tiles - 1) * strides[1] + channels);
    assert!(strides[2] >= channels && to.len() >= rows * strides[2]);
    for column in (0..channels).step_by(width) {
        for row in (0..rows).step_by(R) {
            // SAFETY: the assertions above.
            unsafe {
                let c = to.as_mut_ptr().add(row * strides[2] + column);
                let sums = start::<S, R, V>(s, Some(c), strides[2]);
                let (a, b) = (left.as_ptr().add(row), right.as_ptr().add(column));
                let sums = micro::<S, R, V>(s, tiles, a, [1, strides[0]], b, strides[1], sums);
                finish::<S, R, V>(s, sums, c, strides[2]);
            }
        }
    }
}
