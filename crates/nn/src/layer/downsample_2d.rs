//! Halving the size of a picture by a strided 3×3 convolution, or by the mean of each 2×2 square.

use super::Conv2d;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
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
    avg_pool2d(x, AvgPoolOptions::new([2, 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn means_and_spreads_back() {
        let x = Tensor::<4>::from_floats(
            [[[[1.0, 2.0, 9.0], [4.0, 7.0, 9.0], [9.0, 9.0, 9.0]]]],
            &Device::flex().autodiff(),
        );
        let x = x.require_grad();
        let y = mean2x2(x.clone());
        let spread = x.grad(&(y.clone() * 8.0).sum().backward()).unwrap();
        assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [3.5]);
        let expected = [2.0_f32, 2.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(spread.into_data().try_to_vec::<f32>().unwrap(), expected);
    }

    #[test]
    fn output_sizes() {
        let sizes = [
            (8, 1, Some(4)),
            (7, 1, Some(4)),
            (8, 0, Some(4)),
            (7, 0, Some(3)),
            (1, 0, None),
            (8, 2, Some(5)),
        ];
        for (size, padding, expected) in sizes {
            assert_eq!(Downsample2D::output_size(size, padding), expected);
        }
    }
}
