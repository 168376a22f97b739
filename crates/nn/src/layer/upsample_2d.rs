//! Doubling the size of a picture by repeating each pixel in a 2×2 square, then a 3×3 convolution.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::upsample_nearest_2x;

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

    /// `[N, C, H, W]` to `[N, C, height, width]`, each twice as large or one less.
    pub fn forward_to(&self, x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
        let doubled = upsample_nearest_2x(x);
        let [_, _, h, w] = doubled.dims();
        if [h, w] == [height, width] {
            return self.conv.forward(doubled);
        }
        self.conv.forward(doubled.narrow(2, 0, height).narrow(3, 0, width))
    }

    /// `[N, C, H, W]` to `[N, C, 2H, 2W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(upsample_nearest_2x(x))
    }
}
