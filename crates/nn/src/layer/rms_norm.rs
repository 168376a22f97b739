//! Root-mean-square normalisation (Zhang and Sennrich 2019) of the last dimension, as `torch.nn.RMSNorm` with its parameter
//! `weight [C]`: `x/√(mean(x²) + eps) · weight`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use langevin_kernels::rms_norm;

/// A root-mean-square normalisation with its parameter.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// Factor per channel.
    pub weight: Option<Param<Tensor<1>>>,
    eps: f64,
}

impl RmsNorm {
    /// Normalises rows of `channels` values; starts as the plain normalisation.
    pub fn new(init: &Init<'_>, channels: usize, eps: f64) -> Self {
        Self { weight: Some(init.constant([channels], 1.0)), eps }
    }

    /// A normalisation without a parameter (`elementwise_affine=False`).
    pub fn plain(eps: f64) -> Self {
        Self { weight: None, eps }
    }

    /// Normalises `x [.., C]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        rms_norm(x, self.weight.as_ref().map(Param::val), None, self.eps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use burn::tensor::Device;

    fn close(y: Tensor<2>, want: [f32; 4]) {
        let y = y.into_data().try_to_vec::<f32>().unwrap();
        assert!(y.iter().zip(want).all(|(y, want)| (y - want).abs() < 1e-6), "{y:?}");
    }

    #[test]
    fn closed_forms() {
        let device = Device::flex();
        let mut none = |_: &mut [f32]| panic!("a normalisation draws nothing");
        let mut norm = RmsNorm::new(&Init::new(&device, &mut none), 2, 0.0);
        let names: Vec<_> = params::list(&norm).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["weight"]);
        // Mean squares 25 and 4.
        let x = Tensor::<2>::from_floats([[1.0, 7.0], [2.0, -2.0]], &device);
        close(norm.forward(x.clone()), [0.2, 1.4, 1.0, -1.0]);
        norm.weight = Some(Param::from_tensor(Tensor::from_floats([5.0, 10.0], &device)));
        close(norm.forward(x.clone()), [1.0, 14.0, 5.0, -10.0]);
        // With eps 96 the second root is 10.
        close(RmsNorm::plain(96.0).forward(x.clone()), [1.0 / 11.0, 7.0 / 11.0, 0.2, -0.2]);
    }
}
