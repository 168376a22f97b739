//! Group normalisation (Wu and He 2018, eq. 7) with what surrounds it in diffusion networks: an offset before it, and the
//! scale-shift and SiLU after it. `x′ = x + offset`, `x̂ = (x′ − mean_g)/√(var_g + eps)`, `h = x̂ · weight + bias`,
//! `h = h · (1 + scale) + shift`, `y = silu(h)`.

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

/// What an embedding of time or class does to each channel of each image around a normalisation: `[N, C]` each.
#[derive(Clone, Debug, Default)]
pub struct Conditioning {
    /// Added before normalising.
    pub offset: Option<Tensor<2>>,
    /// `(scale, shift)`: the normalised value is multiplied by `1 + scale`, then `shift` is added.
    pub scale_shift: Option<(Tensor<2>, Tensor<2>)>,
}

/// Normalises `x [N, C, H, W]` over each group's channels and pixels, applies `weight [C]` and `bias [C]` where given,
/// and the conditioning around it, then SiLU if asked.
///
/// The sum with the offset is never formed: it moves the mean of each channel. The forward pass keeps only each group's
/// mean and reciprocal deviation for the backward pass, besides the inputs themselves.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn group_norm(
    x: Tensor<4>,
    weight: Option<Tensor<1>>,
    bias: Option<Tensor<1>>,
    conditioning: Conditioning,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let Conditioning { offset, scale_shift } = &conditioning;
    let conditioned = offset.as_ref().is_none_or(native)
        && scale_shift.as_ref().is_none_or(|(scale, shift)| native(scale) && native(shift));
    let affine = weight.as_ref().is_none_or(native) && bias.as_ref().is_none_or(native);
    if native(&x) && affine && conditioned {
        op::run(x, weight, bias, conditioning, options)
    } else {
        composed(x, weight, bias, conditioning, options)
    }
}

/// The same from Burn's own operations.
fn composed(
    x: Tensor<4>,
    weight: Option<Tensor<1>>,
    bias: Option<Tensor<1>>,
    conditioning: Conditioning,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let each = |t: Tensor<2>| t.reshape([n, c, 1, 1]);
    let x = match conditioning.offset {
        Some(offset) => x + each(offset),
        None => x,
    };
    let flat = x.reshape([n, options.groups, c / options.groups * h * w]);
    let centred = flat.clone() - flat.mean_dim(2);
    let var = centred.clone().square().mean_dim(2);
    let mut y = (centred / (var + options.eps).sqrt()).reshape([n, c, h, w]);
    if let Some(weight) = weight {
        y = y * weight.reshape([1, c, 1, 1]);
    }
    if let Some(bias) = bias {
        y = y + bias.reshape([1, c, 1, 1]);
    }
    if let Some((scale, shift)) = conditioning.scale_shift {
        y = y * (each(scale) + 1.0) + each(shift);
    }
    if options.silu { crate::silu(y) } else { y }
}
