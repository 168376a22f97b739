//! Affine map of the last dimension, as `torch.nn.Linear` with its parameters `weight [out, in]` and `bias [out]`.

use super::conv2d::zeros_like;
use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// An affine map with its parameters.
#[derive(Module, Debug)]
pub struct Linear {
    /// Matrix, `[out, in]`.
    pub weight: Param<Tensor<2>>,
    /// Offset per output.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// A map from `inputs` to `outputs` numbers, initialised as PyTorch does.
    pub fn new(init: &mut Init<'_>, inputs: usize, outputs: usize) -> Self {
        let weight = init.fan_in([outputs, inputs], inputs);
        Self { weight, bias: Some(init.fan_in([outputs], inputs)) }
    }

    /// A map without offsets.
    pub fn unbiased(init: &mut Init<'_>, inputs: usize, outputs: usize) -> Self {
        Self { weight: init.fan_in([outputs, inputs], inputs), bias: None }
    }

    /// The same map starting from zero.
    pub fn zeroed(self) -> Self {
        Self {
            weight: self.weight.map(|t| zeros_like(&t)),
            bias: self.bias.map(|p| p.map(|t| zeros_like(&t))),
        }
    }

    /// Maps `x [.., in]` to `[.., out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        langevin_kernels::linear(x, self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}
