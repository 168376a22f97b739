//! Normalisation of each row, a vector along the last dimension: layer normalisation (Ba et al. 2016, eq. 4),
//! `x̂ = (x − mean)/√(var + eps)`, and root-mean-square normalisation (Zhang and Sennrich 2019, eq. 4),
//! `x̂ = x/√(mean(x²) + eps)`; then `h = x̂ · weight + bias`, and `h · (1 + scale) + shift` with a scale and a shift for each
//! image (Peebles and Xie 2023, section 3.2, "adaLN").

mod op;
mod slices;
#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use crate::flex::native;
use slices::Centre;

/// Layer normalisation of the last dimension of `x [.., C]`, with `weight [C]` and `bias [C]` where given, then
/// `· (1 + scale) + shift` where `(scale [N, C], shift [N, C])` are given, a row of them for each index of the first
/// dimension of `x [N, .., C]`.
///
/// The forward pass keeps only each row's mean and reciprocal deviation for the backward pass, besides the inputs.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    weight: Option<Tensor<1>>,
    bias: Option<Tensor<1>>,
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    eps: f64,
) -> Tensor<D> {
    run(Norm { centre: Centre::Mean, eps }, x, [weight, bias], scale_shift)
}

/// Root-mean-square normalisation of the last dimension of `x [.., C]`, with `weight [C]` and a scale and shift as in
/// [`layer_norm`].
///
/// The forward pass keeps only each row's reciprocal root for the backward pass, besides the inputs.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn rms_norm<const D: usize>(
    x: Tensor<D>,
    weight: Option<Tensor<1>>,
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    eps: f64,
) -> Tensor<D> {
    run(Norm { centre: Centre::Zero, eps }, x, [weight, None], scale_shift)
}

/// Which normalisation.
#[derive(Clone, Copy, Debug)]
struct Norm {
    centre: Centre,
    eps: f64,
}

fn run<const D: usize>(
    norm: Norm,
    x: Tensor<D>,
    affine: [Option<Tensor<1>>; 2],
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
) -> Tensor<D> {
    let modulated =
        scale_shift.as_ref().is_none_or(|(scale, shift)| native(scale) && native(shift));
    if native(&x) && affine.iter().flatten().all(native) && modulated {
        op::run(norm, x, affine, scale_shift)
    } else {
        composed(norm, x, affine, scale_shift)
    }
}

/// The same from Burn's own operations.
fn composed<const D: usize>(
    norm: Norm,
    x: Tensor<D>,
    affine: [Option<Tensor<1>>; 2],
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
) -> Tensor<D> {
    let dims = x.dims();
    let centred = match norm.centre {
        Centre::Mean => x.clone() - x.mean_dim(D - 1),
        Centre::Zero => x,
    };
    let mean_square = centred.clone().square().mean_dim(D - 1);
    let mut y = centred / (mean_square + norm.eps).sqrt();
    let mut shape = [1; D];
    shape[D - 1] = dims[D - 1];
    let [weight, bias] = affine;
    if let Some(weight) = weight {
        y = y * weight.reshape(shape);
    }
    if let Some(bias) = bias {
        y = y + bias.reshape(shape);
    }
    if let Some((scale, shift)) = scale_shift {
        shape[0] = dims[0];
        y = y * (scale.reshape(shape) + 1.0) + shift.reshape(shape);
    }
    y
}
