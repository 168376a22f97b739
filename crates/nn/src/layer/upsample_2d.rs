//! Doubling the size of a picture by repeating each pixel in a 2×2 square, then a 3×3 convolution.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

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
    let [_, _, h, w] = x.dims();
    interpolate(
        x,
        InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * h, 2 * w]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn repeats_and_sums_back() {
        let x = Tensor::<4>::from_floats(
            [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]],
            &Device::flex().autodiff(),
        );
        let x = x.require_grad();
        let y = nearest2x2(x.clone());
        let weights = Tensor::<1>::from_floats([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], &y.device())
            .reshape([1, 1, 1, 6]);
        let sums = x.grad(&(y.clone() * weights).sum().backward()).unwrap();
        let rows = [[1.0_f32, 1.0, 2.0, 2.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0, 6.0, 6.0]];
        let expected = [rows[0], rows[0], rows[1], rows[1]].concat();
        assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), expected);
        assert_eq!(
            sums.into_data().try_to_vec::<f32>().unwrap(),
            [6.0, 24.0, 96.0, 6.0, 24.0, 96.0]
        );
    }
}
