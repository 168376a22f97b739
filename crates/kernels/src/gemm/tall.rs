//! Products whose left factor has many rows and fills more than a cache: `B` is packed first, and each task packs the rows
//! of `A` it needs, which then stay in its second-level cache. The sums are those of `driver.rs`, to the bit.

use rayon::prelude::*;

use super::driver::{Pack, Side, step};
use super::{Block, Operand, Output, tile};
use crate::scratch;
use crate::simd::{Isa, dispatch};

/// Values of `A` from which this way pays: 2 MiB.
pub(super) const LEAST: usize = 1 << 19;
/// Values of `A` that a task packs, about: 256 KiB.
const PACKED: usize = 1 << 16;
/// The most rows of a task.
const ROWS: usize = 132;
/// Columns that go through together.
const COLUMNS: usize = 192;

/// Computes `output = a · b`; the shapes agree and none is zero.
pub(super) fn gemm(isa: Isa, a: &Operand<'_>, b: &Operand<'_>, output: &Output<'_>) {
    let (m, n, k) = (a.lanes(), b.lanes(), a.depth());
    let step = step(k);
    let (rows, columns) = tile(isa);
    let padded = n.next_multiple_of(columns);
    let block = (PACKED / k).clamp(4 * rows, ROWS.max(4 * rows)) / rows * rows;
    let across = (COLUMNS / columns).max(1) * columns;
    let depths = || (0..k).step_by(step).map(|first| first..(first + step).min(k));
    scratch::with(padded * k, |packed| {
        // Panels of B: [piece of depth][column panel][step][column].
        for depth in depths() {
            let out = &mut packed[depth.start * padded..][..depth.len() * padded];
            let each = 4 * columns;
            out.par_chunks_mut(each * depth.len()).enumerate().for_each(|(i, out)| {
                let lanes = i * each..((i + 1) * each).min(n);
                let (side, depth) = (Side::Right, depth.clone());
                dispatch(isa, Pack { operand: b, depth, lanes, side, out });
            });
        }
        let packed = &*packed;
        (0..m.div_ceil(block)).into_par_iter().for_each(|index| {
            let lanes = index * block..((index + 1) * block).min(m);
            let row_panels = lanes.len().div_ceil(rows);
            let high = row_panels * rows;
            scratch::with(high * k, |left| {
                for depth in depths() {
                    let out = &mut left[depth.start * high..][..depth.len() * high];
                    let (side, lanes) = (Side::Left, lanes.clone());
                    dispatch(isa, Pack { operand: a, depth, lanes, side, out });
                }
                scratch::with(high * across, |c| {
                    for first in (0..n).step_by(across) {
                        let some = first..(first + across).min(n);
                        let column_panels = some.len().div_ceil(columns);
                        for depth in depths() {
                            let length = depth.len();
                            let panels = &packed[depth.start * padded + first * length..]
                                [..column_panels * columns * length];
                            let a = &left[depth.start * high..][..length * high];
                            let (stride, accumulate) = (across, depth.start > 0);
                            let c = &mut *c;
                            dispatch(
                                isa,
                                Block {
                                    depth: length,
                                    a,
                                    b: panels,
                                    c,
                                    stride,
                                    row_panels,
                                    column_panels,
                                    accumulate,
                                },
                            );
                        }
                        for (row, values) in lanes.clone().zip(c.chunks_exact_mut(across)) {
                            // SAFETY: tasks have rows of their own.
                            unsafe { output.store(row, first, &mut values[..some.len()]) };
                        }
                    }
                });
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::super::{Bias, Offsets};
    use super::*;
    use crate::testing::as_fresh;

    /// Rows of a tall product are those of the same rows alone, which the other way computes.
    #[test]
    fn gives_the_bits_of_the_other_way() {
        for (m, n, k) in [(2111, 37, 300), (1024, 200, 513), (5000, 1, 107), (1500, 700, 352)] {
            let value = |i: usize| ((i * 7919 % 1013) as f32 / 506.5 - 1.0) * 0.37;
            let a: Vec<f32> = (0..m * k).map(value).collect();
            let b: Vec<f32> = (0..n * k).map(|i| value(i + 5)).collect();
            assert!(m > n && m * k >= LEAST);
            for isa in Isa::available() {
                let product = |a: &[f32], m: usize| {
                    let mut c = vec![f32::NAN; m * n];
                    let places = (Offsets::stride(m, n), Offsets::stride(n, 1));
                    let output = Output::new(as_fresh(&mut c), places.0, places.1, Bias::None);
                    let left = Operand::new(a, Offsets::stride(m, k), Offsets::stride(k, 1));
                    let right = Operand::new(&b, Offsets::stride(n, k), Offsets::stride(k, 1));
                    super::super::gemm(isa, &left, &right, &output);
                    c
                };
                let whole = product(&a, m);
                for first in [0, 131, 132, m - 40] {
                    let some = product(&a[first * k..][..40 * k], 40);
                    let same = whole[first * n..].iter().zip(&some);
                    assert!(same.clone().all(|(x, y)| x.to_bits() == y.to_bits()), "{isa} {first}");
                }
            }
        }
    }
}
