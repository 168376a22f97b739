//! Affine map of the last dimension in PyTorch's layout: `y = x · wᵀ + b`.

use burn::tensor::Tensor;

/// Maps `x [.., in]` by `weight [out, in]` and an optional `bias [out]` to `[.., out]`.
pub fn linear<const D: usize>(
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
