//! Halving the size of a picture by a strided 3×3 convolution, or by the mean of each 2×2 square.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::Conv2dOptions;

/// The strided convolution with its parameters.
#[derive(Module, Debug)]
pub struct Downsample2D {
    /// 3×3, stride 2.
    pub conv: Conv2d,
}

impl Downsample2D {
    /// Keeps `channels`; `padding` zeros surround the picture, or, for 0, one follows its last row and column.
    pub fn new(init: &mut Init<'_>, channels: usize, padding: usize) -> Self {
        let padding_end = if padding == 0 { [1; 2] } else { [padding; 2] };
        let options = Conv2dOptions {
            stride: [2; 2],
            padding_begin: [padding; 2],
            padding_end,
            ..Default::default()
        };
        Self { conv: Conv2d::new(init, channels, channels, 3, options) }
    }

    /// `[N, C, H, W]` to about `[N, C, H/2, W/2]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(x)
    }

    /// Pixels along one axis after halving `size` with `padding`, or `None` when too few are left to filter.
    pub fn output_size(size: usize, padding: usize) -> Option<usize> {
        let padded = size + if padding == 0 { 1 } else { 2 * padding };
        Some(padded.checked_sub(3)? / 2 + 1)
    }
}

/// The mean of each 2×2 square; an odd last row or column is dropped.
pub fn mean2x2(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let x = if h % 2 + w % 2 == 0 { x } else { x.slice([0..n, 0..c, 0..h / 2 * 2, 0..w / 2 * 2]) };
    let squares: Tensor<6> = x.reshape([n, c, h / 2, 2, w / 2, 2]);
    squares.mean_dim(5).mean_dim(3).reshape([n, c, h / 2, w / 2])
}
