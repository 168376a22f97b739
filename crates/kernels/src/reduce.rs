//! Sums of slices in a fixed order.

use rayon::prelude::*;

/// `Σ xᵢ` by sixteen interleaved partial sums: the order depends on the length alone.
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (lines, rest) = x.as_chunks::<16>();
    for line in lines {
        for (sum, x) in sums.iter_mut().zip(line) {
            *sum += x;
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += x;
    }
    // Halve the number of partial sums until one is left.
    for half in [8, 4, 2, 1] {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(a, b)| *a += *b);
    }
    sums[0]
}

/// Rows one task adds up; the order of addition is by these pieces whatever the number of threads.
const PIECE: usize = 256;

/// `sums[j] = Σᵢ x[i, j]` for `x [rows, sums.len()]`, pieces of rows first, then the pieces in order.
pub(crate) fn sum_rows(x: &[f32], sums: &mut [f32]) {
    let width = sums.len();
    if width == 0 {
        return;
    }
    let add = |mut to: Vec<f32>, row: &[f32]| {
        to.iter_mut().zip(row).for_each(|(t, r)| *t += r);
        to
    };
    let pieces: Vec<Vec<f32>> = x
        .par_chunks(PIECE * width)
        .map(|piece| piece.chunks_exact(width).fold(vec![0.0; width], add))
        .collect();
    let total = pieces.iter().fold(vec![0.0; width], |to, piece| add(to, piece));
    sums.copy_from_slice(&total);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{double, error, everywhere, values};

    #[test]
    fn sums_agree_with_double_precision() {
        for n in [0, 1, 15, 16, 33, 1000] {
            let x = values(n, 5);
            let want: f64 = double(&x).iter().sum();
            assert!(error(&[sum(&x)], &[want]) < 1e-5);
        }
        for (rows, width) in [(0, 3), (5, 0), (1, 7), (700, 5)] {
            let x = values(rows * width, 6);
            let mut want = vec![0.0; width];
            x.iter().enumerate().for_each(|(i, &x)| want[i % width] += f64::from(x));
            for (_, got) in everywhere(|_| {
                let mut got = vec![f32::NAN; width];
                sum_rows(&x, &mut got);
                got
            }) {
                assert!(error(&got, &want) < 1e-5);
            }
        }
    }
}
