//! Repeating pixels, and summing squares of them, on rows of pictures. The loops are plain: compilers find the shuffles.

use rayon::prelude::*;

use crate::fresh::{Fresh, in_order, in_parallel};
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Input values of one task.
const PIECE: usize = 4 * 1024;

/// Values of the whole rows of one task.
fn piece(width: usize) -> usize {
    (PIECE / width.max(1)).max(1) * width
}

/// Each row of `width` pixels becomes two rows of `2 · width`.
pub(super) fn forward<'a>(isa: Isa, width: usize, x: &[f32], y: &'a mut Fresh) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> &'o mut [f32] {
            let Self(width, x, y) = self;
            in_order(
                y,
                4 * width,
                x.chunks_exact(width),
                #[inline(always)]
                |x, y| {
                    let (first, second) = y.split_at_mut(2 * width);
                    for (pair, &x) in first.as_chunks_mut::<2>().0.iter_mut().zip(x) {
                        pair[0].write(x);
                        pair[1].write(x);
                    }
                    second.copy_from_slice(first);
                    // SAFETY: the loop wrote the first row, the copy the second.
                    unsafe { y.assume_init_mut() }
                },
            )
        }
    }
    assert_eq!(4 * x.len(), y.len());
    let piece = piece(width);
    in_parallel(y, 4 * piece, x.par_chunks(piece.max(1)), |x, y| dispatch(isa, Rows(width, x, y)))
}

/// Sums of the 2×2 squares of `dy`, whose rows are `2 · width` long.
pub(super) fn backward<'a>(isa: Isa, width: usize, dy: &[f32], dx: &'a mut Fresh) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> &'o mut [f32] {
            let Self(width, dy, dx) = self;
            in_order(
                dx,
                width,
                dy.chunks_exact(4 * width),
                #[inline(always)]
                |dy, dx| {
                    let (first, second) = dy.split_at(2 * width);
                    let pairs = first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0);
                    for (dx, (a, b)) in dx.iter_mut().zip(pairs) {
                        dx.write((a[0] + a[1]) + (b[0] + b[1]));
                    }
                    // SAFETY: there are as many pairs as pixels, so the loop wrote all.
                    unsafe { dx.assume_init_mut() }
                },
            )
        }
    }
    assert_eq!(dy.len(), 4 * dx.len());
    let piece = piece(width);
    in_parallel(dx, piece, dy.par_chunks((4 * piece).max(1)), |dy, dx| {
        dispatch(isa, Rows(width, dy, dx))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh;
    use crate::testing::{double, error, everywhere, values};

    #[test]
    fn repeats_and_sums_squares() {
        for (rows, width) in [(0, 3), (1, 1), (3, 7), (5, 16), (900, 33)] {
            let (x, dy) = (values(rows * width, 1), values(4 * rows * width, 2));
            let mut want = vec![0.0; 4 * x.len()];
            let mut want_dx = vec![0.0; x.len()];
            for (i, (y, d)) in want.iter_mut().zip(double(&dy)).enumerate() {
                let at = i / (4 * width) * width + i % (2 * width) / 2;
                *y = f64::from(x[at]);
                want_dx[at] += d;
            }
            for (_, y) in
                everywhere(|isa| fresh::values(4 * x.len(), |y| forward(isa, width, &x, y)))
            {
                assert_eq!(double(&y), want);
            }
            for (_, dx) in
                everywhere(|isa| fresh::values(x.len(), |dx| backward(isa, width, &dy, dx)))
            {
                assert!(error(&dx, &want_dx) < 1e-6);
            }
        }
    }
}
