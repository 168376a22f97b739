//! Doubling the size of pictures by repeating each pixel in a 2×2 square.

mod op;
mod slices;

use burn::tensor::Tensor;

use crate::flex::native;

/// Repeats each pixel in a 2×2 square: `[N, C, H, W]` to `[N, C, 2 H, 2 W]`.
///
/// The gradient is the sum over each square; nothing is kept for it.
pub fn upsample_nearest_2x(x: Tensor<4>) -> Tensor<4> {
    if native(&x) { op::run(x) } else { composed(x) }
}

/// The same from Burn's own operations.
fn composed(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let squares: Tensor<6> = x.reshape([n, c, h, 1, w, 1]);
    squares.expand([n, c, h, 2, w, 2]).reshape([n, c, 2 * h, 2 * w])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for shape in [[3, 5, 7, 6], [1, 1, 1, 1], [2, 3, 40, 33]] {
            let go = |op: fn(Tensor<4>) -> Tensor<4>| {
                with_gradients(&[&shape], 3, |t| op(t[0].get()).flatten(0, 3))
            };
            assert_close(&go(upsample_nearest_2x), &go(composed), 1e-6);
        }
    }

    #[test]
    fn repeats_and_sums_back() {
        let x = Tensor::<4>::from_floats(
            [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]],
            &Device::flex().autodiff(),
        );
        let x = x.require_grad();
        let y = upsample_nearest_2x(x.clone());
        let weights = Tensor::<1>::from_floats([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], &y.device())
            .reshape([1, 1, 1, 6]);
        let sums = x.grad(&(y.clone() * weights).sum().backward()).unwrap();
        let rows = [[1.0_f32, 1.0, 2.0, 2.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0, 6.0, 6.0]];
        let expected = [rows[0], rows[0], rows[1], rows[1]].concat();
        assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), expected);
        assert_eq!(
            sums.into_data().try_to_vec::<f32>().unwrap(),
            [6.0, 24.0, 96.0, 6.0, 24.0, 96.0]
        );
    }

    #[test]
    fn reads_transposed_pictures() {
        let go = |op: fn(Tensor<4>) -> Tensor<4>| {
            with_gradients(&[&[2, 5, 4, 3]], 3, |t| {
                op(t[0].get::<4>().swap_dims(1, 3)).swap_dims(2, 3).flatten(0, 3)
            })
        };
        assert_close(&go(upsample_nearest_2x), &go(composed), 1e-6);
    }
}
