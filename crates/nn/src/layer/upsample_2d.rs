//! Doubling the size of a picture by repeating each pixel in a 2×2 square, then a 3×3 convolution.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
use langevin_kernels::upsample_nearest_2x;

/// Numbers of a doubled picture, or of a strip of one, that are held at a time: 32 MiB.
const STRIP: usize = 1 << 23;

/// Rows beyond a strip: twice as many are whole tiles of the convolution.
const EDGE: usize = 2;

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
    ///
    /// Without gradients a large picture is made in strips of rows, so that the doubled one is never held as a whole.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let (row, device) = (4 * n * c * w, x.device());
        if row * h <= STRIP || device != device.clone().without_autodiff() {
            return self.conv.forward(upsample_nearest_2x(x));
        }
        let rows = (STRIP / row.max(1)).max(1).next_multiple_of(EDGE);
        let outputs = self.conv.weight.dims()[0];
        let mut y = Tensor::zeros([n, outputs, 2 * h, 2 * w], &device);
        for first in (0..h).step_by(rows) {
            let last = (first + rows).min(h);
            // Rows beyond the strip's edges, which the convolution sees and which are then cut off.
            let from = first.saturating_sub(EDGE);
            let part = x.clone().narrow(2, from, (last + EDGE).min(h) - from);
            let part = self.conv.forward(upsample_nearest_2x(part));
            let part = part.narrow(2, 2 * (first - from), 2 * (last - first));
            y = y.slice_assign([0..n, 0..outputs, 2 * first..2 * last, 0..2 * w], part);
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn strips_are_the_whole() {
        let device = Device::flex();
        let mut state = 1_u32;
        let mut spread = |u: &mut [f32]| {
            u.iter_mut().for_each(|u| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *u = (state >> 8) as f32 / (1 << 24) as f32;
            });
        };
        let mut init = Init::new(&device, &mut spread);
        let layer = Upsample2D::new(&mut init, 4);
        // Three strips, the last of one row.
        let [height, width] = [2 * (STRIP / (16 * 4096)) + 1, 4096];
        let mut values = vec![0.0; 4 * height * width];
        spread(&mut values);
        let x = Tensor::from_data(TensorData::new(values, [1, 4, height, width]), &device);
        let whole = layer.conv.forward(upsample_nearest_2x(x.clone()));
        let difference = (layer.forward(x) - whole).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    }
}
