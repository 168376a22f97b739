//! Layer normalisation (Ba et al. 2016) of the last dimension, as `torch.nn.LayerNorm` with its parameters `weight [C]` and
//! `bias [C]`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use langevin_kernels::layer_norm;

/// A layer normalisation with its parameters.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Factor per channel.
    pub weight: Option<Param<Tensor<1>>>,
    /// Offset per channel.
    pub bias: Option<Param<Tensor<1>>>,
    eps: f64,
}

impl LayerNorm {
    /// Normalises rows of `channels` values; starts as the plain normalisation.
    pub fn new(init: &Init<'_>, channels: usize, eps: f64) -> Self {
        let weight = Some(init.constant([channels], 1.0));
        Self { weight, bias: Some(init.constant([channels], 0.0)), eps }
    }

    /// A normalisation without parameters (`elementwise_affine=False`).
    pub fn plain(eps: f64) -> Self {
        Self { weight: None, bias: None, eps }
    }

    /// Normalises `x [.., C]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.apply(x, None)
    }

    /// Normalises `x [N, .., C]`, then `· (1 + scale) + shift` with `(scale [N, C], shift [N, C])`.
    pub fn forward_adaptive<const D: usize>(
        &self,
        x: Tensor<D>,
        scale_shift: (Tensor<2>, Tensor<2>),
    ) -> Tensor<D> {
        self.apply(x, Some(scale_shift))
    }

    fn apply<const D: usize>(
        &self,
        x: Tensor<D>,
        scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    ) -> Tensor<D> {
        let [weight, bias] = [&self.weight, &self.bias].map(|p| p.as_ref().map(Param::val));
        layer_norm(x, weight, bias, scale_shift, self.eps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use burn::tensor::Device;

    fn close(y: Tensor<2>, want: [f32; 4]) {
        let y = y.into_data().try_to_vec::<f32>().unwrap();
        assert!(y.iter().zip(want).all(|(y, want)| (y - want).abs() < 1e-5), "{y:?}");
    }

    #[test]
    fn closed_forms() {
        let device = Device::flex();
        let mut none = |_: &mut [f32]| panic!("a normalisation draws nothing");
        let mut norm = LayerNorm::new(&Init::new(&device, &mut none), 2, 0.0);
        let names: Vec<_> = params::list(&norm).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["weight", "bias"]);
        // Two different values become −1 and 1, whatever they are.
        let x = Tensor::<2>::from_floats([[1.0, 5.0], [7.0, -2.0]], &device);
        close(norm.forward(x.clone()), [-1.0, 1.0, 1.0, -1.0]);
        norm.weight = Some(Param::from_tensor(Tensor::from_floats([2.0, 3.0], &device)));
        norm.bias = Some(Param::from_tensor(Tensor::from_floats([0.5, 0.0], &device)));
        close(norm.forward(x.clone()), [-1.5, 3.0, 2.5, -3.0]);
        let scale = Tensor::<2>::from_floats([[1.0, 0.0], [-1.0, 0.0]], &device);
        let shift = Tensor::<2>::from_floats([[0.0, 10.0], [4.0, 0.0]], &device);
        close(
            norm.forward_adaptive(x.clone(), (scale.clone(), shift.clone())),
            [-3.0, 13.0, 4.0, -3.0],
        );
        close(
            LayerNorm::plain(0.0).forward_adaptive(x.clone(), (scale, shift)),
            [-2.0, 11.0, 4.0, -1.0],
        );
        // Variance 4 and eps 12: half of what it would be.
        close(
            LayerNorm::plain(12.0).forward(x.slice([0..1, 0..2]).repeat(&[2, 1])),
            [-0.5, 0.5, -0.5, 0.5],
        );
    }
}
