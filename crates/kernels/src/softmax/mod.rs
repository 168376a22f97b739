//! Softmax over the last dimension: `yᵢ = exp(xᵢ − m) / Σⱼ exp(xⱼ − m)` with the largest element `m`, which changes
//! nothing but keeps the exponentials in range (Goodfellow et al. 2016, section 4.1).

mod op;
mod slices;

use burn::tensor::{Tensor, activation};

use crate::flex::native;

/// Softmax over the last dimension. A row with a NaN or with positive infinity, or of negative infinities only, is NaN.
///
/// The backward pass reads the result, the only tensor kept: `dx = y · (dy − Σ y · dy)`.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if native(&x) { op::run(x) } else { composed(x) }
}

/// The same from Burn's own operations.
fn composed<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::softmax(x, D - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for shape in [[3, 5, 7], [0, 2, 2], [1, 1, 1], [2, 300, 77]] {
            let go = |op: fn(Tensor<3>) -> Tensor<3>| {
                with_gradients(&[&shape], 3, |t| op(t[0].get::<3>() * 5.0).flatten(0, 2))
            };
            assert_close(&go(softmax), &go(composed), 2e-6);
        }
    }
}
