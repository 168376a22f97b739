//! Layer normalisations without parameters of their own, scaled and shifted by linear maps of a condition
//! (Peebles and Xie 2023, section 3.2, "adaLN").

use super::Modulation;
use crate::Init;
use crate::layer::{LayerNorm, Linear};
use burn::module::Module;
use burn::tensor::Tensor;

/// Epsilon of these normalisations.
pub(crate) const EPS: f64 = 1e-6;

/// `AdaLayerNormZero` of diffusers, and with another number of branches `AdaLayerNormZeroSingle` (one) and
/// `SD35AdaLayerNormZeroX` (three): one [`Modulation`] for each branch of a block.
#[derive(Module, Debug)]
pub struct AdaLayerNormZero {
    /// From the condition to shifts, scales and gates.
    pub linear: Linear,
    /// The normalisation.
    pub norm: LayerNorm,
}

impl AdaLayerNormZero {
    /// For `branches` branches of `dim` channels.
    pub fn new(init: &mut Init<'_>, dim: usize, branches: usize) -> Self {
        Self { linear: Linear::new(init, dim, 3 * branches * dim), norm: LayerNorm::plain(EPS) }
    }

    /// The modulations that `condition [N, C]` asks for; K is the number of branches.
    pub fn modulations<const K: usize>(&self, condition: &Tensor<2>) -> [Modulation; K] {
        Modulation::split(&self.linear, condition)
    }
}

/// `AdaLayerNormContinuous` of diffusers: `norm(x) · (1 + scale) + shift` with `(scale, shift) = linear(silu(condition))`.
#[derive(Module, Debug)]
pub struct AdaLayerNormContinuous {
    /// From the condition to scales, then shifts.
    pub linear: Linear,
    /// The normalisation.
    pub norm: LayerNorm,
}

impl AdaLayerNormContinuous {
    /// For `dim` channels and a condition of as many numbers.
    pub fn new(init: &mut Init<'_>, dim: usize) -> Self {
        Self { linear: Linear::new(init, dim, 2 * dim), norm: LayerNorm::plain(EPS) }
    }

    /// Normalises `x [N, L, C]` under `condition [N, C]`.
    pub fn forward(&self, x: Tensor<3>, condition: &Tensor<2>) -> Tensor<3> {
        let both = self.linear.forward(langevin_kernels::silu(condition.clone()));
        let width = both.dims()[1] / 2;
        let (scale, shift) = (both.clone().narrow(1, 0, width), both.narrow(1, width, width));
        self.norm.forward_adaptive(x, (scale, shift))
    }
}
