//! Doubling the size of a picture by repeating each pixel in a 2×2 square, then a 3×3 convolution.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
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

    /// `[N, C, H, W]` to `[N, C, height, width]`: pixel `i` of an axis is pixel `⌊i · old/new⌋`.
    pub fn forward_to(&self, x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        if [2 * h, 2 * w] == [height, width] {
            return self.forward(x);
        }
        let nearest = |x: Tensor<4>, axis: usize, old: usize, new: usize| {
            // PyTorch's arithmetic is single precision, too.
            let scale = old as f32 / new as f32;
            let index: Vec<i64> =
                (0..new).map(|i| ((i as f32 * scale) as i64).min(old as i64 - 1)).collect();
            let index = TensorData::new(index, [new]);
            x.clone().select(axis, Tensor::<1, Int>::from_data(index, &x.device()))
        };
        self.conv.forward(nearest(nearest(x, 2, h, height), 3, w, width))
    }

    /// `[N, C, H, W]` to `[N, C, 2H, 2W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(upsample_nearest_2x(x))
    }
}
