//! Random Fourier features of a noise level (Tancik et al. 2020; Song et al. 2021): with fixed `w ~ N(0, 16²)`, the
//! embedding of σ is `[sin(2π w ln σ), cos(2π w ln σ)]`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use std::f64::consts::PI;

/// Standard deviation of the frequencies in the networks of Song et al.
const SCALE: f64 = 16.0;

/// The embedding with its fixed frequencies, `weight [dim]`.
#[derive(Module, Debug)]
pub struct GaussianFourier {
    /// Frequencies: stored with the network, never trained.
    pub weight: Param<Tensor<1>>,
}

impl GaussianFourier {
    /// Draws `dim` frequencies.
    pub fn new(init: &mut Init<'_>, dim: usize) -> Self {
        Self { weight: init.normal([dim], SCALE).set_require_grad(false) }
    }

    /// Embeds `level [N]`, positive, as `[N, 2·dim]`.
    pub fn forward(&self, level: Tensor<1>) -> Tensor<2> {
        let n = level.dims()[0];
        // PyTorch's order of operations: angles reach thousands, where an f32 is only good to 1e-4.
        let angle = level.log().reshape([n, 1]) * self.weight.val().unsqueeze::<2>() * 2.0 * PI;
        Tensor::cat(vec![angle.clone().sin(), angle.cos()], 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use burn::tensor::Device;

    #[test]
    fn closed_form_and_frozen() {
        let (device, mut source) = (Device::flex(), |u: &mut [f32]| u.fill(0.25));
        let features = GaussianFourier::new(&mut Init::new(&device, &mut source), 2);
        let features =
            params::assign(features, &mut [[0.1_f32, 0.2].as_slice()].into_iter()).unwrap();
        let level = Tensor::<1>::from_floats([3.0], &device);
        let got: Vec<f32> = features.forward(level).into_data().try_to_vec().unwrap();
        for (i, w) in [0.1, 0.2].into_iter().enumerate() {
            let angle = 2.0 * PI * w * 3_f64.ln();
            assert!((f64::from(got[i]) - angle.sin()).abs() < 1e-6);
            assert!((f64::from(got[2 + i]) - angle.cos()).abs() < 1e-6);
        }
        assert!(!params::list(&features)[0].trainable);
    }
}
