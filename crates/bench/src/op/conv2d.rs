//! Convolutions that keep the number of channels; the shape is batch, channels, side.
//! The direct algorithm costs `2 · N · C · C · k² · (H/stride)²`, and as much again for each of its two gradients.

use langevin_kernels::{Conv2dOptions, conv2d};

use super::operation;
use crate::{Cost, Row};

/// 3×3, the same size.
pub(super) fn conv3x3(shape: [usize; 3]) -> [Row; 2] {
    convolution("conv3x3", shape, 3, 1)
}

/// 3×3, half the size.
pub(super) fn conv3x3s2(shape: [usize; 3]) -> [Row; 2] {
    convolution("conv3x3s2", shape, 3, 2)
}

/// 1×1.
pub(super) fn conv1x1(shape: [usize; 3]) -> [Row; 2] {
    convolution("conv1x1", shape, 1, 1)
}

fn convolution(family: &str, shape: [usize; 3], kernel: usize, stride: usize) -> [Row; 2] {
    let [n, c, size] = shape;
    let pad = [kernel / 2; 2];
    let options = Conv2dOptions {
        stride: [stride; 2],
        padding_begin: pad,
        padding_end: pad,
        ..Default::default()
    };
    let out = size / stride;
    let flops = 2.0 * (n * c * c * kernel * kernel * out * out) as f64;
    operation(family, &shape, Cost::Flops(flops), 3.0, move |inputs| {
        let x = inputs.normal([n, c, size, size]);
        let weight = inputs.normal([c, c, kernel, kernel]);
        let bias = inputs.normal([c]);
        move || conv2d(x.clone(), weight.clone(), Some(bias.clone()), options)
    })
}
