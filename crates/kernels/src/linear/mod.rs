//! Affine map of the last dimension in PyTorch's layout: `y = x · wᵀ + b`.

mod op;
#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use crate::flex::native;
use crate::widen::widened;

/// Maps `x [.., in]` by `weight [out, in]` and an optional `bias [out]` to `[.., out]`; a weight of 16 bits is widened.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    let weight = widened(weight);
    if native(&x) && native(&weight) && bias.as_ref().is_none_or(native) {
        op::run(x, weight, bias)
    } else {
        composed(x, weight, bias)
    }
}

/// The same from Burn's own operations.
pub(crate) fn composed<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    let mut shape = x.dims();
    let inputs = shape[D - 1];
    let rows = shape.iter().product::<usize>() / inputs.max(1);
    shape[D - 1] = weight.dims()[0];
    let mut y = x.reshape([rows, inputs]).matmul(weight.transpose());
    if let Some(bias) = bias {
        y = y + bias.unsqueeze::<2>();
    }
    y.reshape(shape)
}
