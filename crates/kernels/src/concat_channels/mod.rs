//! Concatenation of two batches of pictures along their channels, as the skips of a U-Net join (Ronneberger et al. 2015).

mod op;
mod slices;

use burn::tensor::Tensor;

use crate::flex::native;

/// The channels of `first [N, C, H, W]` followed by those of `second [N, D, H, W]`: `[N, C + D, H, W]`.
///
/// The gradient is cut in two again; nothing is kept for it.
///
/// # Panics
/// When the batches or the pictures differ in size.
pub fn concat_channels(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    let sizes = |t: &Tensor<4>| {
        let [n, _, h, w] = t.dims();
        [n, h, w]
    };
    assert!(
        sizes(&first) == sizes(&second),
        "concat_channels: {:?} and {:?} differ in more than their channels",
        first.dims(),
        second.dims()
    );
    if native(&first) && native(&second) { op::run(first, second) } else { composed(first, second) }
}

/// The same from Burn's own operations.
fn composed(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    Tensor::cat(vec![first, second], 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for ([n, h, w], [c, d]) in
            [([2, 5, 7], [3, 4]), ([1, 1, 1], [1, 1]), ([0, 2, 2], [1, 2]), ([3, 64, 65], [5, 2])]
        {
            let go = |op: fn(Tensor<4>, Tensor<4>) -> Tensor<4>| {
                with_gradients(&[&[n, c, h, w], &[n, d, h, w]], 3, |t| {
                    op(t[0].get(), t[1].get()).flatten(0, 3)
                })
            };
            assert_close(&go(concat_channels), &go(composed), 1e-9);
        }
    }

    #[test]
    fn reads_transposed_pictures() {
        let go = |op: fn(Tensor<4>, Tensor<4>) -> Tensor<4>| {
            with_gradients(&[&[2, 5, 4, 3], &[2, 6, 4, 5]], 3, |t| {
                let (a, b) = (
                    t[0].get::<4>().swap_dims(1, 3),
                    t[1].get::<4>().swap_dims(1, 3).swap_dims(1, 3),
                );
                op(a, b).swap_dims(2, 3).flatten(0, 3)
            })
        };
        assert_close(&go(concat_channels), &go(composed), 1e-9);
    }
}
