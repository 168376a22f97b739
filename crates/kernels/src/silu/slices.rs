//! SiLU and its derivative on slices.

use rayon::prelude::*;

use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, map, sigmoid};

/// Elements of one task.
const PIECE: usize = 16 * 1024;

/// `x · sigmoid(x)` of a vector.
#[inline(always)]
pub(crate) fn silu<S: Simd>(s: S, x: S::V) -> S::V {
    s.mul(x, sigmoid(s, x))
}

/// The derivative of [`silu`]: `σ · (1 + x · (1 − σ))` with `σ = sigmoid(x)`.
#[inline(always)]
pub(crate) fn derivative<S: Simd>(s: S, x: S::V) -> S::V {
    let sigma = sigmoid(s, x);
    s.mul(sigma, s.fma(x, s.sub(s.splat(1.0), sigma), s.splat(1.0)))
}

/// `y = x · sigmoid(x)`.
pub(super) fn forward(isa: Isa, x: &[f32], y: &mut [f32]) {
    struct Piece<'a>(&'a [f32], &'a mut [f32]);
    impl Kernel for Piece<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            map(
                s,
                [Lanes::of(self.0)],
                self.1,
                #[inline(always)]
                |[x]| silu(s, x),
            );
        }
    }
    assert_eq!(x.len(), y.len());
    y.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(y, x)| dispatch(isa, Piece(x, y)));
}

/// `dx = dy · silu′(x)`.
pub(super) fn backward(isa: Isa, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    struct Piece<'a>(&'a [f32], &'a [f32], &'a mut [f32]);
    impl Kernel for Piece<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            map(
                s,
                [Lanes::of(self.0), Lanes::of(self.1)],
                self.2,
                #[inline(always)]
                |[x, dy]| s.mul(dy, derivative(s, x)),
            );
        }
    }
    assert!(x.len() == dx.len() && dy.len() == dx.len());
    let inputs = x.par_chunks(PIECE).zip(dy.par_chunks(PIECE));
    dx.par_chunks_mut(PIECE).zip(inputs).for_each(|(dx, (x, dy))| dispatch(isa, Piece(x, dy, dx)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{double, error, everywhere, values};

    #[test]
    fn agrees_with_double_precision_and_finite_differences() {
        for n in [0, 1, 15, 16, 17, 40_000] {
            let x: Vec<f32> = values(n, 1).iter().map(|x| 20.0 * x).collect();
            let dy = values(n, 2);
            let f = |x: f64| x / (1.0 + (-x).exp());
            let want: Vec<f64> = double(&x).iter().map(|&x| f(x)).collect();
            let slope = |x: f64| (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
            let want_dx: Vec<f64> =
                x.iter().zip(&dy).map(|(&x, &d)| f64::from(d) * slope(f64::from(x))).collect();
            let run = |isa| {
                let mut y = vec![0.0; n];
                forward(isa, &x, &mut y);
                y
            };
            everywhere(run).iter().for_each(|(isa, y)| assert!(error(y, &want) < 1e-6, "{isa}"));
            let run = |isa| {
                let mut dx = vec![0.0; n];
                backward(isa, &x, &dy, &mut dx);
                dx
            };
            everywhere(run)
                .iter()
                .for_each(|(isa, dx)| assert!(error(dx, &want_dx) < 1e-6, "{isa}"));
        }
    }

    #[test]
    fn special_values_are_those_of_pytorch() {
        for isa in Isa::available() {
            let mut y = [0.0; 4];
            forward(isa, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -200.0], &mut y);
            assert!(
                y[0].is_nan() && y[1] == f32::INFINITY && y[2].is_nan() && y[3] == 0.0,
                "{isa}: {y:?}"
            );
        }
    }
}
