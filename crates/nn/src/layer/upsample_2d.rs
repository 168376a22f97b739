//! Doubling the size of a picture by repeating each pixel in a 2×2 square, then a 3×3 convolution.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;

/// The convolution with its parameters.
#[derive(Module, Debug)]
pub struct Upsample2D {
    /// 3×3, after repeating.
    pub conv: Conv2d,
}

impl Upsample2D {
    /// Keeps `channels`.
    pub fn new(init: &mut Init<'_>, channels: usize) -> Self {
        Self { conv: Conv2d::same3x3(init, channels, channels) }
    }

    /// `[N, C, H, W]` to `[N, C, 2H, 2W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(nearest2x2(x))
    }
}

/// Repeats each pixel in a 2×2 square.
pub fn nearest2x2(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let pixels: Tensor<6> = x.reshape([n, c, h, 1, w, 1]);
    pixels.expand([n, c, h, 2, w, 2]).reshape([n, c, 2 * h, 2 * w])
}
