//! Scaled sums on slices.

use rayon::prelude::*;

use crate::fresh::{Fresh, in_parallel};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, update, write};

/// Elements of one task.
const PIECE: usize = 16 * 1024;

/// `y = (y + x) · factor`.
pub(super) fn add_scaled(isa: Isa, factor: f32, x: &[f32], y: &mut [f32]) {
    struct Piece<'a>(f32, &'a [f32], &'a mut [f32]);
    impl Kernel for Piece<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            let factor = s.splat(self.0);
            update(
                s,
                self.2,
                [Lanes::of(self.1)],
                #[inline(always)]
                |y, [x]| s.mul(s.add(y, x), factor),
            );
        }
    }
    assert_eq!(x.len(), y.len());
    let pieces = y.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE));
    pieces.for_each(|(y, x)| dispatch(isa, Piece(factor, x, y)));
}

/// `y = (a + b) · factor`.
pub(super) fn sum_scaled<'a>(
    isa: Isa,
    factor: f32,
    a: &[f32],
    b: &[f32],
    y: &'a mut Fresh,
) -> &'a mut [f32] {
    struct Piece<'a, 'o>(f32, [&'a [f32]; 2], &'o mut Fresh);
    impl<'o> Kernel for Piece<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let factor = s.splat(self.0);
            write(
                s,
                self.1.map(Lanes::of),
                self.2,
                #[inline(always)]
                |[a, b]| s.mul(s.add(a, b), factor),
            )
        }
    }
    assert!(a.len() == y.len() && b.len() == y.len());
    in_parallel(y, PIECE, a.par_chunks(PIECE).zip(b.par_chunks(PIECE)), |(a, b), y| {
        dispatch(isa, Piece(factor, [a, b], y))
    })
}

/// `y = x · factor`.
pub(super) fn scaled<'a>(isa: Isa, factor: f32, x: &[f32], y: &'a mut Fresh) -> &'a mut [f32] {
    struct Piece<'a, 'o>(f32, &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Piece<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let factor = s.splat(self.0);
            write(
                s,
                [Lanes::of(self.1)],
                self.2,
                #[inline(always)]
                |[x]| s.mul(x, factor),
            )
        }
    }
    assert_eq!(x.len(), y.len());
    in_parallel(y, PIECE, x.par_chunks(PIECE), |x, y| dispatch(isa, Piece(factor, x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh;
    use crate::testing::{error, everywhere, values};

    #[test]
    fn agree_with_double_precision() {
        for n in [0, 1, 15, 17, 50_000] {
            let (a, b, factor) = (values(n, 1), values(n, 2), 0.7_f32);
            let scale = |x: f64| x * f64::from(factor);
            let sum: Vec<f64> =
                a.iter().zip(&b).map(|(&a, &b)| scale(f64::from(a) + f64::from(b))).collect();
            let alone: Vec<f64> = a.iter().map(|&a| scale(f64::from(a))).collect();
            let one = everywhere(|isa| fresh::values(n, |y| sum_scaled(isa, factor, &a, &b, y)));
            one.iter().for_each(|(isa, y)| assert!(error(y, &sum) < 1e-6, "{isa}"));
            let two = everywhere(|isa| {
                let mut y = b.clone();
                add_scaled(isa, factor, &a, &mut y);
                y
            });
            two.iter().for_each(|(isa, y)| assert!(error(y, &sum) < 1e-6, "{isa}"));
            let three = everywhere(|isa| fresh::values(n, |y| scaled(isa, factor, &a, y)));
            three.iter().for_each(|(isa, y)| assert!(error(y, &alone) < 1e-6, "{isa}"));
        }
    }
}
