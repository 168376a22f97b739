//! Joining and cutting runs of memory, in parallel.

use std::ops::Range;

use rayon::prelude::*;

use crate::fresh::{Fresh, in_parallel};

/// Values of one task.
const PIECE: usize = 16 * 1024;

/// Joins two inputs image by image: `y` is a run of the first, a run of the second, and so on.
pub(super) fn join<'a>(runs: [usize; 2], inputs: [&[f32]; 2], y: &'a mut Fresh) -> &'a mut [f32] {
    let [a, b] = inputs;
    let whole = runs[0] + runs[1];
    if whole == 0 {
        return y.write_copy_of_slice(&[]);
    }
    let images = y.len() / whole;
    assert!(a.len() == images * runs[0] && b.len() == images * runs[1]);
    in_parallel(y, whole, (0..images).into_par_iter(), |image, y| {
        let (first, second) = y.split_at_mut(runs[0]);
        copy(&a[image * runs[0]..][..runs[0]], first);
        copy(&b[image * runs[1]..][..runs[1]], second);
        // SAFETY: both parts are written.
        unsafe { y.assume_init_mut() }
    })
}

/// The values in `run` of each image, which has `whole` of them in `x`.
pub(super) fn part<'a>(
    x: &[f32],
    whole: usize,
    run: Range<usize>,
    out: &'a mut Fresh,
) -> &'a mut [f32] {
    in_parallel(out, run.len(), x.par_chunks(whole.max(1)), |x, out| copy(&x[run.clone()], out))
}

/// Copies in parallel.
fn copy<'a>(from: &[f32], to: &'a mut Fresh) -> &'a mut [f32] {
    assert_eq!(from.len(), to.len());
    in_parallel(to, PIECE, from.par_chunks(PIECE), |from, to| to.write_copy_of_slice(from))
}
