//! GEGLU and its gradient on rows of `2 · half` values.

use rayon::prelude::*;

use crate::activation::{Gelu, Pointwise};
use crate::fresh::{Fresh, in_order, in_parallel};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, write, write_each};

/// Input values of one task.
const PIECE: usize = 16 * 1024;

/// Rows of one task.
fn rows(half: usize) -> usize {
    (PIECE / (2 * half).max(1)).max(1)
}

/// `y = value · gelu(gate)` for the rows `x = (value, gate)`.
pub(super) fn forward<'a>(isa: Isa, half: usize, x: &[f32], y: &'a mut Fresh) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let Self(half, x, y) = self;
            in_order(
                y,
                half,
                x.chunks_exact((2 * half).max(1)),
                #[inline(always)]
                |x, y| {
                    let (value, gate) = x.split_at(half);
                    write(
                        s,
                        [Lanes::of(value), Lanes::of(gate)],
                        y,
                        #[inline(always)]
                        |[value, gate]| s.mul(value, Gelu::value(s, gate)),
                    )
                },
            )
        }
    }
    assert_eq!(x.len(), 2 * y.len());
    let piece = rows(half) * half;
    in_parallel(y, piece, x.par_chunks((2 * piece).max(1)), |x, y| dispatch(isa, Rows(half, x, y)))
}

/// `dx = (dy · gelu(gate), dy · value · gelu′(gate))`.
pub(super) fn backward<'a>(
    isa: Isa,
    half: usize,
    x: &[f32],
    dy: &[f32],
    dx: &'a mut Fresh,
) -> &'a mut [f32] {
    struct Rows<'a, 'o>(usize, &'a [f32], &'a [f32], &'o mut Fresh);
    impl<'o> Kernel for Rows<'_, 'o> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            let Self(half, x, dy, dx) = self;
            in_order(
                dx,
                2 * half,
                x.chunks_exact((2 * half).max(1)).zip(dy.chunks_exact(half.max(1))),
                #[inline(always)]
                |(x, dy), dx| {
                    let (value, gate) = x.split_at(half);
                    let (of_value, of_gate) = dx.split_at_mut(half);
                    write_each(
                        s,
                        [Lanes::of(value), Lanes::of(gate), Lanes::of(dy)],
                        [of_value, of_gate],
                        #[inline(always)]
                        |[value, gate, dy]| {
                            let (gelu, slope) = Gelu::both(s, gate);
                            [s.mul(dy, gelu), s.mul(s.mul(dy, value), slope)]
                        },
                    );
                    // SAFETY: both halves are written.
                    unsafe { dx.assume_init_mut() }
                },
            )
        }
    }
    assert!(x.len() == 2 * dy.len() && x.len() == dx.len());
    let piece = rows(half) * half;
    let inputs = x.par_chunks((2 * piece).max(1)).zip(dy.par_chunks(piece.max(1)));
    in_parallel(dx, 2 * piece, inputs, |(x, dy), dx| dispatch(isa, Rows(half, x, dy, dx)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh;
    use crate::testing::{error, everywhere, normal_cdf, values};

    #[test]
    fn agrees_with_double_precision_and_finite_differences() {
        let gelu = |x: f64| x * normal_cdf(x);
        let slope = |x: f64| (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
        for (count, half) in [(0, 3), (3, 0), (1, 1), (3, 15), (5, 16), (2, 33), (700, 31)] {
            let x: Vec<f32> = values(2 * count * half, 1).iter().map(|x| 5.0 * x).collect();
            let dy = values(count * half, 2);
            let (mut want, mut want_dx) = (vec![], vec![0.0; x.len()]);
            for (i, &dy) in dy.iter().enumerate() {
                let at = i / half * 2 * half + i % half;
                let (value, gate) = (f64::from(x[at]), f64::from(x[at + half]));
                want.push(value * gelu(gate));
                want_dx[at] = f64::from(dy) * gelu(gate);
                want_dx[at + half] = f64::from(dy) * value * slope(gate);
            }
            for (isa, y) in
                everywhere(|isa| fresh::values(count * half, |y| forward(isa, half, &x, y)))
            {
                assert!(error(&y, &want) < 1e-6, "{isa}");
            }
            for (isa, dx) in
                everywhere(|isa| fresh::values(x.len(), |dx| backward(isa, half, &x, &dy, dx)))
            {
                assert!(error(&dx, &want_dx) < 1e-6, "{isa}");
            }
        }
    }

    #[test]
    fn a_nan_stays_in_its_place() {
        for isa in Isa::available() {
            let y = fresh::values(2, |y| forward(isa, 2, &[f32::NAN, 1.0, 2.0, 3.0], y));
            assert!(y[0].is_nan() && y[1].is_finite(), "{isa}");
            let y = fresh::values(2, |y| forward(isa, 2, &[1.0, 1.0, 2.0, f32::NAN], y));
            assert!(y[0].is_finite() && y[1].is_nan(), "{isa}");
        }
    }
}
