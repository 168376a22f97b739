//! Resampling with the binomial filter `(1, 3, 3, 1)` (Zhang 2019; Karras et al. 2020, section 4.1) along both axes.
//!
//! Halving: `y[i] = Σ_k w[k] x[2i + k − 1]` with `w = (1, 3, 3, 1)/8`, zeros outside.
//! Doubling: zeros are put between the pixels and filtered with `2w`, so that each output is a weighted pair,
//! `y[2i] = (x[i−1] + 3 x[i])/4` and `y[2i+1] = (3 x[i] + x[i+1])/4`.

use super::space_to_depth::depth_to_space;
use burn::tensor::{Tensor, TensorData};
use langevin_kernels::{Conv2dOptions, conv2d};

/// Halves the size of `x [N, C, H, W]`.
pub fn downsample(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let taps = [0.125_f32, 0.375, 0.375, 0.125];
    let kernel: Vec<f32> = taps.iter().flat_map(|a| taps.map(|b| a * b)).collect();
    let kernel = Tensor::from_data(TensorData::new(kernel, [1, 1, 4, 4]), &x.device());
    let options = Conv2dOptions {
        stride: [2; 2],
        padding_begin: [1; 2],
        padding_end: [1; 2],
        ..Default::default()
    };
    let y = conv2d(x.reshape([n * c, 1, h, w]), kernel, None, options);
    let [_, _, h, w] = y.dims();
    y.reshape([n, c, h, w])
}

/// Doubles the size of `x [N, C, H, W]`: one 3×3 kernel for each of the four positions in an output square.
pub fn upsample(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let phases = [[0.25_f32, 0.75, 0.0], [0.0, 0.75, 0.25]];
    let kernel: Vec<f32> = phases
        .iter()
        .flat_map(|rows| phases.iter().map(move |columns| (rows, columns)))
        .flat_map(|(rows, columns)| {
            rows.iter().flat_map(|a| columns.map(|b| a * b)).collect::<Vec<_>>()
        })
        .collect();
    let kernel = Tensor::from_data(TensorData::new(kernel, [4, 1, 3, 3]), &x.device());
    let options =
        Conv2dOptions { padding_begin: [1; 2], padding_end: [1; 2], ..Default::default() };
    let y = conv2d(x.reshape([n * c, 1, h, w]), kernel, None, options);
    depth_to_space(y, 2).reshape([n, c, 2 * h, 2 * w])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Int};

    fn ramp(h: i64, w: i64) -> Tensor<4> {
        let x = Tensor::<1, Int>::arange(0..2 * h * w, &Device::flex()).float();
        (x.clone() * x).reshape([1, 2, h as usize, w as usize])
    }

    fn at(x: &[f64], size: [usize; 2], c: usize, i: isize, j: isize) -> f64 {
        let [h, w] = size.map(|d| d as isize);
        let inside = (0..h).contains(&i) && (0..w).contains(&j);
        if inside { x[(c as isize * h * w + i * w + j) as usize] } else { 0.0 }
    }

    fn values(x: Tensor<4>) -> Vec<f64> {
        x.into_data().try_into_vec_as::<f64>().unwrap()
    }

    #[test]
    fn halving_is_the_filter_at_every_second_pixel() {
        let (x, w) = (values(ramp(6, 4)), [0.125, 0.375, 0.375, 0.125]);
        let y = values(downsample(ramp(6, 4)));
        for (k, &got) in y.iter().enumerate() {
            let (c, i, j) = (k / 6, (k / 2 % 3) as isize, (k % 2) as isize);
            let mut expected = 0.0;
            for (a, wa) in w.iter().enumerate() {
                for (b, wb) in w.iter().enumerate() {
                    expected +=
                        wa * wb * at(&x, [6, 4], c, 2 * i + a as isize - 1, 2 * j + b as isize - 1);
                }
            }
            assert!((got - expected).abs() < 1e-3, "{got} is not {expected}");
        }
    }

    #[test]
    fn doubling_is_the_filter_on_spread_pixels() {
        let (x, w) = (values(ramp(3, 2)), [0.25, 0.75, 0.75, 0.25]);
        let spread = |c: usize, i: isize, j: isize| {
            if i % 2 == 0 && j % 2 == 0 {
                at(&x, [3, 2], c, i.div_euclid(2), j.div_euclid(2))
            } else {
                0.0
            }
        };
        let y = values(upsample(ramp(3, 2)));
        assert_eq!(y.len(), 2 * 6 * 4);
        for (k, &got) in y.iter().enumerate() {
            let (c, i, j) = (k / 24, (k / 4 % 6) as isize, (k % 4) as isize);
            let mut expected = 0.0;
            for (a, wa) in w.iter().enumerate() {
                for (b, wb) in w.iter().enumerate() {
                    expected += wa * wb * spread(c, i + a as isize - 2, j + b as isize - 2);
                }
            }
            assert!((got - expected).abs() < 1e-4, "{got} is not {expected}");
        }
    }
}
