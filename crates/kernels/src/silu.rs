//! SiLU (swish): `y = x · sigmoid(x)`.

use burn::tensor::Tensor;

/// Applies `x · sigmoid(x)` to each element.
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::silu(x)
}
