//! Two-dimensional convolution (cross-correlation): `y[n,k,i,j] = b[k] + Σ_{c,r,s} w[k,c,r,s] · x[n,c,i·stride+r−pad,j·stride+s−pad]`.

mod direct;
mod geometry;
mod op;
mod padded;
mod passes;
#[cfg(test)]
mod tests;
mod winograd;

use geometry::Geometry;
use padded::Border;
#[cfg(test)]
use passes::{data_gradient, forward};

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, module};

use crate::flex::native;
use crate::widen::widened;

/// Geometry of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// Steps between outputs, (rows, columns).
    pub stride: [usize; 2],
    /// Zeros before the first row and column: (top, left).
    pub padding_begin: [usize; 2],
    /// Zeros after the last row and column: (bottom, right).
    pub padding_end: [usize; 2],
    /// Steps between kernel taps.
    pub dilation: [usize; 2],
    /// Channel groups; both channel counts are multiples of it.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        Self {
            stride: [1; 2],
            padding_begin: [0; 2],
            padding_end: [0; 2],
            dilation: [1; 2],
            groups: 1,
        }
    }
}

/// Convolves `x [N, C, H, W]` with `weight [K, C/groups, R, S]` and an optional `bias [K]`; a weight of 16 bits is widened.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: Conv2dOptions,
) -> Tensor<4> {
    conv2d_plus(x, weight, bias, None, options)
}

/// [`conv2d`] with a `residual` of the result's shape added, in one pass: the end of a residual block.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn conv2d_plus(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: Conv2dOptions,
) -> Tensor<4> {
    let weight = widened(weight);
    let all_native = native(&x)
        && native(&weight)
        && bias.as_ref().is_none_or(native)
        && residual.as_ref().is_none_or(native);
    if all_native {
        op::run(x, weight, bias, residual, options)
    } else {
        composed(x, weight, bias, residual, options)
    }
}

/// The same from Burn's own operations.
pub(crate) fn composed(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: Conv2dOptions,
) -> Tensor<4> {
    let o = options;
    let (pad, x) = if o.padding_begin == o.padding_end {
        (o.padding_begin, x)
    } else {
        let (b, e) = (o.padding_begin, o.padding_end);
        ([0, 0], x.pad((b[1], e[1], b[0], e[0]), 0.0))
    };
    let y = module::conv2d(x, weight, bias, ConvOptions::new(o.stride, pad, o.dilation, o.groups));
    match residual {
        Some(residual) => y + residual,
        None => y,
    }
}
