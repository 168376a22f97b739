//! The second product of attention: values mixed by probabilities, in tiles of dimensions by queries.

use crate::gemm::{finish, micro, start};
use crate::simd::Simd;

/// `y [dimension][lane] = y · shrink + vᵀ · p` for `dims` dimensions.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "two factors, what they are added to, and their sizes"
)]
pub(super) fn mix<S: Simd, const R: usize, const V: usize>(
    s: S,
    v: &[f32],
    v_stride: usize,
    [keys, dims]: [usize; 2],
    p: &[f32],
    shrink: [S::V; V],
    y: &mut [f32],
) {
    let width = V * S::LANES;
    assert!(v.len() >= keys * v_stride && v_stride >= dims.next_multiple_of(R), "too few values");
    assert!(y.len() >= dims.next_multiple_of(R) * width, "too few dimensions");
    assert!(p.len() >= keys * width, "too few scores");
    let mut first = 0;
    while first < dims {
        // SAFETY: the assertions above; no tile has more rows than R.
        unsafe {
            let (v, p) = (v.as_ptr().add(first), p.as_ptr());
            let y = y.as_mut_ptr().add(first * width);
            // The last rows take a smaller tile where they fill no whole one: heads of 40 numbers are 36 and 4.
            first += match dims - first {
                rest if rest > 8 || R < 8 => {
                    mix_tile::<S, R, V>(s, v, v_stride, keys, p, shrink, y)
                }
                rest if rest > 4 => mix_tile::<S, 8, V>(s, v, v_stride, keys, p, shrink, y),
                _ => mix_tile::<S, 4, V>(s, v, v_stride, keys, p, shrink, y),
            };
        }
    }
}

/// The dimensions of one tile, whose number it returns.
///
/// # Safety
/// `v` is readable for `T` numbers of `keys` rows, `p` for as many rows of a tile's width, and `y` is writable for `T` of
/// them.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "two factors, what they are added to, and their sizes"
)]
unsafe fn mix_tile<S: Simd, const T: usize, const V: usize>(
    s: S,
    v: *const f32,
    v_stride: usize,
    keys: usize,
    p: *const f32,
    shrink: [S::V; V],
    y: *mut f32,
) -> usize {
    let width = V * S::LANES;
    // SAFETY: the caller vouches for all of it.
    unsafe {
        let mut sums = start::<S, T, V>(s, Some(y), width);
        for row in &mut sums {
            for (sum, &shrink) in row.iter_mut().zip(&shrink) {
                *sum = s.mul(*sum, shrink);
            }
        }
        let sums = micro::<S, T, V>(s, keys, v, [1, v_stride], p, width, sums);
        finish::<S, T, V>(s, sums, y, width);
    }
    T
}
