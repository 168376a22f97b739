//! Non-linearities and their gradients on slices.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::Pointwise;
use crate::fresh::{Fresh, in_parallel};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, write};

/// Elements of one task.
const PIECE: usize = 16 * 1024;

/// `y = f(x)`.
pub(super) fn forward<'a, F: Pointwise>(isa: Isa, x: &[f32], y: &'a mut Fresh) -> &'a mut [f32] {
    struct Piece<'a, 'o, F>(&'a [f32], &'o mut Fresh, PhantomData<F>);
    impl<'o, F: Pointwise> Kernel for Piece<'_, 'o, F> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            write(
                s,
                [Lanes::of(self.0)],
                self.1,
                #[inline(always)]
                |[x]| F::value(s, x),
            )
        }
    }
    assert_eq!(x.len(), y.len());
    in_parallel(y, PIECE, x.par_chunks(PIECE), |x, y| dispatch(isa, Piece::<F>(x, y, PhantomData)))
}

/// `dx = dy · f′(x)`.
pub(super) fn backward<'a, F: Pointwise>(
    isa: Isa,
    x: &[f32],
    dy: &[f32],
    dx: &'a mut Fresh,
) -> &'a mut [f32] {
    struct Piece<'a, 'o, F>(&'a [f32], &'a [f32], &'o mut Fresh, PhantomData<F>);
    impl<'o, F: Pointwise> Kernel for Piece<'_, 'o, F> {
        type Output = &'o mut [f32];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
            write(
                s,
                [Lanes::of(self.0), Lanes::of(self.1)],
                self.2,
                #[inline(always)]
                |[x, dy]| s.mul(dy, F::derivative(s, x)),
            )
        }
    }
    assert!(x.len() == dx.len() && dy.len() == dx.len());
    in_parallel(dx, PIECE, x.par_chunks(PIECE).zip(dy.par_chunks(PIECE)), |(x, dy), dx| {
        dispatch(isa, Piece::<F>(x, dy, dx, PhantomData))
    })
}

#[cfg(test)]
mod tests {
    use super::super::gelu::GeluTanh;
    use super::super::mish::Mish;
    use super::super::{Gelu, Silu};
    use super::*;
    use crate::fresh;
    use crate::testing::{double, error, everywhere, normal_cdf, values};

    fn gelu_tanh(x: f64) -> f64 {
        let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + u.tanh())
    }

    fn check<F: Pointwise>(f: impl Fn(f64) -> f64) {
        // Odd lengths, and inputs that do not start at the beginning of a line.
        for (n, from) in [(0, 0), (1, 0), (15, 1), (16, 0), (17, 3), (40_000, 0)] {
            let x: Vec<f32> = values(n + from, 1).iter().map(|x| 20.0 * x).collect();
            let (x, dy) = (&x[from..], values(n, 2));
            let want: Vec<f64> = double(x).iter().map(|&x| f(x)).collect();
            let slope = |x: f64| (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
            let want_dx: Vec<f64> =
                x.iter().zip(&dy).map(|(&x, &d)| f64::from(d) * slope(f64::from(x))).collect();
            for (isa, y) in everywhere(|isa| fresh::values(n, |y| forward::<F>(isa, x, y))) {
                assert!(error(&y, &want) < 1e-6, "{isa}");
            }
            for (isa, dx) in everywhere(|isa| fresh::values(n, |dx| backward::<F>(isa, x, &dy, dx)))
            {
                assert!(error(&dx, &want_dx) < 1e-6, "{isa}: {}", error(&dx, &want_dx));
            }
        }
    }

    #[test]
    fn agree_with_double_precision_and_finite_differences() {
        check::<Silu>(|x| x / (1.0 + (-x).exp()));
        check::<Gelu>(|x| x * normal_cdf(x));
        check::<GeluTanh>(gelu_tanh);
        check::<Mish>(|x| x * x.exp().ln_1p().tanh());
    }

    /// Values and gradients that PyTorch 2 gives, NaN written as NaN.
    fn special<F: Pointwise>(want: [f32; 4], want_slope: [f32; 4]) {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -200.0];
        let same = |a: &[f32], b: [f32; 4]| {
            a.iter().zip(b).all(|(&a, b)| a == b || (a.is_nan() && b.is_nan()))
        };
        for isa in Isa::available() {
            let y = fresh::values(4, |y| forward::<F>(isa, &x, y));
            assert!(same(&y, want), "{isa}: {y:?}");
            let dx = fresh::values(4, |dx| backward::<F>(isa, &x, &[1.0; 4], dx));
            assert!(same(&dx, want_slope), "{isa}: {dx:?}");
        }
    }

    #[test]
    fn special_values_are_those_of_pytorch() {
        const INF: f32 = f32::INFINITY;
        const NAN: f32 = f32::NAN;
        special::<Silu>([NAN, INF, NAN, 0.0], [NAN, NAN, NAN, 0.0]);
        special::<Gelu>([NAN, INF, NAN, 0.0], [NAN, NAN, NAN, 0.0]);
        special::<GeluTanh>([NAN, INF, NAN, 0.0], [NAN, NAN, NAN, 0.0]);
        // Except Mish at infinity, where the derivative is 1 and PyTorch's is NaN.
        special::<Mish>([NAN, INF, NAN, 0.0], [NAN, 1.0, NAN, 0.0]);
    }
}
