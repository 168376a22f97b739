//! Group normalisation (Wu and He 2018, eq. 7) with the scale-shift and SiLU that follow it in diffusion networks:
//! `x̂ = (x − mean_g)/√(var_g + eps)`, `h = x̂ · weight + bias`, `h = h · (1 + scale) + shift`, `y = silu(h)`.

mod op;
mod slices;
#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use crate::flex::native;

/// What [`group_norm`] does besides normalising.
#[derive(Clone, Debug)]
pub struct GroupNormOptions {
    /// Number of groups; divides the channel count.
    pub groups: usize,
    /// Added to the variance.
    pub eps: f64,
    /// Whether SiLU follows.
    pub silu: bool,
}

/// Normalises `x [N, C, H, W]` over each group's channels and pixels, applies the affine `weight [C]`, `bias [C]`,
/// then, where given, the adaptive `(scale [N, C], shift [N, C])`, then SiLU if asked.
///
/// The forward pass keeps only each group's mean and reciprocal deviation for the backward pass, besides `x` itself.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn group_norm(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let modulated =
        scale_shift.as_ref().is_none_or(|(scale, shift)| native(scale) && native(shift));
    if native(&x) && native(&weight) && native(&bias) && modulated {
        op::run(x, weight, bias, scale_shift, options)
    } else {
        composed(x, weight, bias, scale_shift, options)
    }
}

/// The same from Burn's own operations.
pub(crate) fn composed(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let flat = x.reshape([n, options.groups, c / options.groups * h * w]);
    let centred = flat.clone() - flat.mean_dim(2);
    let var = centred.clone().square().mean_dim(2);
    let y = (centred / (var + options.eps).sqrt()).reshape([n, c, h, w]);
    let mut y = y * weight.reshape([1, c, 1, 1]) + bias.reshape([1, c, 1, 1]);
    if let Some((scale, shift)) = scale_shift {
        y = y * (scale.reshape([n, c, 1, 1]) + 1.0) + shift.reshape([n, c, 1, 1]);
    }
    if options.silu { crate::silu(y) } else { y }
}
