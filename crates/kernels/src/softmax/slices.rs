//! Softmax and its gradient on rows.

use rayon::prelude::*;

use crate::fresh::{Fresh, in_order, in_parallel};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, exp, largest, sums, update, write};

/// Values of one task.
const PIECE: usize = 16 * 1024;

/// Values of the whole rows of one task.
fn piece(width: usize) -> usize {
    (PIECE / width.max(1)).max(1) * width.max(1)
}

/// The softmax of each row of `width` values.
pub(super) fn forward<'a>(isa: Isa, width: usize, x: &[f32], y: &'a mut Fresh) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let Self(width, x, y) = self;
            in_order(
                y,
                width,
                x.chunks_exact(width),
                #[inline(always)]
                |x, y| {
                    let m = s.splat(largest(s, x));
                    let y = write(
                        s,
                        [Lanes::of(x)],
                        y,
                        #[inline(always)]
                        |[x]| exp(s, s.sub(x, m)),
                    );
                    let [total] = sums(
                        s,
                        [Lanes::of(y)],
                        width,
                        #[inline(always)]
                        |y| y,
                    );
                    let norm = s.splat(1.0 / total);
                    update(
                        s,
                        y,
                        [],
                        #[inline(always)]
                        |y, []| s.mul(y, norm),
                    );
                    y
                },
            )
        }
    }
    assert_eq!(x.len(), y.len());
    let piece = piece(width);
    in_parallel(y, piece, x.par_chunks(piece), |x, y| dispatch(isa, Rows(width, x, y)))
}

/// `dx = y · (dy − Σ y · dy)`, row by row.
pub(super) fn backward<'a>(
    isa: Isa,
    width: usize,
    y: &[f32],
    dy: &[f32],
    dx: &'a mut Fresh,
) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let Self(width, y, dy, dx) = self;
            in_order(
                dx,
                width,
                y.chunks_exact(width).zip(dy.chunks_exact(width)),
                #[inline(always)]
                |(y, dy), dx| {
                    let inputs = [Lanes::of(y), Lanes::of(dy)];
                    let [mean] = sums(
                        s,
                        inputs,
                        width,
                        #[inline(always)]
                        |[y, dy]| [s.mul(y, dy)],
                    );
                    let mean = s.splat(mean);
                    write(
                        s,
                        inputs,
                        dx,
                        #[inline(always)]
                        |[y, dy]| s.mul(y, s.sub(dy, mean)),
                    )
                },
            )
        }
    }
    assert!(y.len() == dx.len() && dy.len() == dx.len());
    let piece = piece(width);
    in_parallel(dx, piece, y.par_chunks(piece).zip(dy.par_chunks(piece)), |(y, dy), dx| {
        dispatch(isa, Rows(width, y, dy, dx))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fresh;
    use crate::testing::{double, error, everywhere, values};

    fn exact(width: usize, x: &[f64]) -> Vec<f64> {
        let row = |x: &[f64]| {
            let m = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let e: Vec<f64> = x.iter().map(|x| (x - m).exp()).collect();
            let total: f64 = e.iter().sum();
            e.into_iter().map(move |e| e / total).collect::<Vec<_>>()
        };
        x.chunks(width).flat_map(row).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn follows_the_definition(rows in 0_usize..40, width in 1_usize..100, seed in any::<u32>()) {
            let n = rows * width;
            let x: Vec<f32> = values(n, seed).iter().map(|x| 8.0 * x).collect();
            let want = exact(width, &double(&x));
            for (isa, y) in everywhere(|isa| fresh::values(n, |y| forward(isa, width, &x, y))) {
                prop_assert!(error(&y, &want) < 1e-6, "{isa}: {}", error(&y, &want));
            }
            // Along one direction, by central differences in double precision.
            let (dy, direction) = (values(n, seed ^ 1), double(&values(n, seed ^ 2)));
            let loss = |t: f64| -> f64 {
                let moved: Vec<f64> = x.iter().zip(&direction).map(|(&x, d)| f64::from(x) + t * d).collect();
                exact(width, &moved).iter().zip(&dy).map(|(y, &d)| y * f64::from(d)).sum()
            };
            let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let y: Vec<f32> = want.iter().map(|&y| y as f32).collect();
            for (isa, dx) in everywhere(|isa| fresh::values(n, |dx| backward(isa, width, &y, &dy, dx))) {
                let along: f64 = dx.iter().zip(&direction).map(|(&g, d)| f64::from(g) * d).sum();
                prop_assert!((along - slope).abs() <= 1e-5 * (1.0 + rows as f64), "{isa}: {along} against {slope}");
            }
        }
    }

    #[test]
    fn special_rows_are_those_of_pytorch() {
        const INF: f32 = f32::INFINITY;
        for isa in Isa::available() {
            let row = |x: &[f32]| fresh::values(x.len(), |y| forward(isa, x.len(), x, y));
            for x in [[1.0, INF, 2.0], [-INF; 3], [1.0, f32::NAN, 2.0], [f32::NAN, 1.0, INF]] {
                assert!(row(&x).iter().all(|y| y.is_nan()), "{isa}: {x:?}");
            }
            assert_eq!(row(&[0.0, -INF, -200.0]), [1.0, 0.0, 0.0], "{isa}");
            // Other rows are not touched.
            let two = fresh::values(4, |y| forward(isa, 2, &[f32::NAN, 1.0, 3.0, 3.0], y));
            assert_eq!(two[2..], [0.5, 0.5], "{isa}");
        }
    }
}
