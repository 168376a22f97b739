//! Softmax down the columns of a panel of scores: keys are rows and queries lie in the lanes, so no sum crosses lanes.

use crate::simd::{Simd, exp};

/// The most columns of a panel.
pub(super) const WIDEST: usize = 48;

/// Replaces the first `keys` rows of `scores [rows][VECTORS · LANES]` by `exp(score − largest of the column)`, and gives
/// the sum of each column.
#[inline(always)]
pub(super) fn exponentials<S: Simd>(s: S, scores: &mut [f32], keys: usize) -> [f32; WIDEST] {
    let width = S::VECTORS * S::LANES;
    assert!(scores.len() >= keys * width);
    let mut sums = [0.0; WIDEST];
    for v in 0..S::VECTORS {
        let column = scores[v * S::LANES..].as_mut_ptr();
        // SAFETY: row · width + v · LANES + LANES ≤ keys · width ≤ the length, for every row < keys; and WIDEST ≥ width.
        unsafe {
            let mut largest = s.splat(f32::NEG_INFINITY);
            for row in 0..keys {
                largest = s.max(largest, s.load(column.add(row * width)));
            }
            let mut sum = s.splat(0.0);
            for row in 0..keys {
                let at = column.add(row * width);
                let e = exp(s, s.sub(s.load(at), largest));
                s.store(at, e);
                sum = s.add(sum, e);
            }
            s.store(sums[v * S::LANES..].as_mut_ptr(), sum);
        }
    }
    sums
}

/// Turns the exponentials `p` with their column `sums` into probabilities, and the gradients `dp` of the probabilities
/// into those of the scores, `p · (dp − Σ p · dp)`, in place.
#[inline(always)]
pub(super) fn gradient<S: Simd>(
    s: S,
    p: &mut [f32],
    dp: &mut [f32],
    keys: usize,
    sums: &[f32; WIDEST],
) {
    let width = S::VECTORS * S::LANES;
    assert!(p.len() >= keys * width && dp.len() >= keys * width);
    for v in 0..S::VECTORS {
        let (p, dp) = (p[v * S::LANES..].as_mut_ptr(), dp[v * S::LANES..].as_mut_ptr());
        // SAFETY: as in `exponentials`.
        unsafe {
            let norm = s.div(s.splat(1.0), s.load(sums[v * S::LANES..].as_ptr()));
            let mut mean = s.splat(0.0);
            for row in 0..keys {
                let at = p.add(row * width);
                let probability = s.mul(s.load(at), norm);
                s.store(at, probability);
                mean = s.fma(probability, s.load(dp.add(row * width)), mean);
            }
            for row in 0..keys {
                let at = dp.add(row * width);
                s.store(at, s.mul(s.load(p.add(row * width)), s.sub(s.load(at), mean)));
            }
        }
    }
}
