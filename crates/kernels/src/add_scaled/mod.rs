//! The end of a residual block: `(x + h) / divisor` (He et al. 2016; the divisor √2 of Song et al. 2021, section C.2).

mod op;
mod slices;

use burn::tensor::Tensor;

use crate::flex::native;

/// `(x + h) / divisor` element by element, in the memory of `h` or `x` where nothing else reads that.
///
/// The gradient of either is `dy / divisor`; nothing is kept for it.
///
/// # Panics
/// When the shapes differ.
pub fn add_scaled<const D: usize>(x: Tensor<D>, h: Tensor<D>, divisor: f64) -> Tensor<D> {
    assert!(x.dims() == h.dims(), "add_scaled: {:?} and {:?} differ", x.dims(), h.dims());
    if native(&x) && native(&h) { op::run(x, h, divisor) } else { composed(x, h, divisor) }
}

/// The same from Burn's own operations.
fn composed<const D: usize>(x: Tensor<D>, h: Tensor<D>, divisor: f64) -> Tensor<D> {
    (x + h) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for shape in [[3, 5, 7], [0, 2, 2], [1, 1, 1], [4, 64, 100]] {
            for divisor in [1.0, 2_f64.sqrt()] {
                let go = |op: fn(Tensor<3>, Tensor<3>, f64) -> Tensor<3>| {
                    with_gradients(&[&shape, &shape], 3, |t| {
                        op(t[0].get(), t[1].get(), divisor).flatten(0, 2)
                    })
                };
                assert_close(&go(add_scaled), &go(composed), 1e-6);
            }
        }
    }

    /// Whichever input is the only reader of its memory, the other one and its other readers see what they saw.
    #[test]
    fn memory_that_others_read_is_left_alone() {
        let go = |op: fn(Tensor<2>, Tensor<2>, f64) -> Tensor<2>| {
            with_gradients(&[&[6, 9], &[6, 9]], 3, |t| {
                let (a, b) = (t[0].get::<2>() * 2.0, t[1].get::<2>().swap_dims(0, 1));
                let b = b.swap_dims(0, 1);
                let one = op(a.clone(), b.clone() * 3.0, 2.0);
                let two = op(b.clone() * 3.0, a.clone(), 2.0);
                let three = op(a.clone(), b.clone(), 2.0);
                let own = op(a.clone(), a.clone(), 2.0);
                let strided = op(a.clone() * 1.0, (b.swap_dims(0, 1) * 1.0).swap_dims(0, 1), 2.0);
                (one.square() + two + three * a + own + strided).flatten(0, 1)
            })
        };
        assert_close(&go(add_scaled), &go(composed), 1e-6);
    }
}
