//! SiLU (Hendrycks and Gimpel 2016; also called swish): `y = x · sigmoid(x)`.

mod op;
mod slices;

pub(crate) use slices::{derivative, silu as silu_lanes};

use burn::tensor::Tensor;

use crate::flex::native;

/// Applies `x · sigmoid(x)` to each element.
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if native(&x) { op::run(x) } else { composed(x) }
}

/// The same from Burn's own operations.
pub(crate) fn composed<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::silu(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for shape in [[3, 5, 7], [0, 2, 2], [1, 1, 1], [4, 64, 100]] {
            let run = |op: fn(Tensor<3>) -> Tensor<3>| {
                with_gradients(&[&shape], 3, |t| op(t[0].get::<3>() * 10.0).flatten(0, 2))
            };
            assert_close(&run(silu), &run(composed), 2e-6);
        }
    }
}
