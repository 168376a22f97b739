//! The three passes of a convolution, each by the algorithm that suits its sizes. The choice never depends on the number
//! of images, so that an image's result does not either. Each pass writes every value of its result.

use std::mem::MaybeUninit;

use super::{Geometry, direct, winograd};
use crate::simd::Isa;

/// `y = conv(x, weight) + bias + residual`.
pub(crate) fn forward(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
    y: &mut [MaybeUninit<f32>],
) {
    let pass = if winograd::suits(g) { winograd::forward } else { direct::forward };
    pass(isa, g, x, weight, bias, residual, y);
}

/// `∂/∂x`.
pub(crate) fn data_gradient(
    isa: Isa,
    g: &Geometry,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [MaybeUninit<f32>],
) {
    let pass = if winograd::suits(g) { winograd::data_gradient } else { direct::data_gradient };
    pass(isa, g, dy, weight, dx);
}

/// `∂/∂weight`.
pub(crate) fn weight_gradient(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [MaybeUninit<f32>],
) {
    let pass = if winograd::suits(g) { winograd::weight_gradient } else { direct::weight_gradient };
    pass(isa, g, x, dy, dweight);
}
