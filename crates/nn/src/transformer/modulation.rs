//! What a condition does to one branch of a transformer block (Peebles and Xie 2023, section 3.2, "adaLN-Zero"):
//! `x + gate · branch(norm(x) · (1 + scale) + shift)`.

use crate::layer::{LayerNorm, Linear};
use burn::tensor::Tensor;

/// Shift, scale and gate of one branch, each `[N, C]`.
#[derive(Clone, Debug)]
pub struct Modulation {
    shift: Tensor<2>,
    scale: Tensor<2>,
    gate: Tensor<2>,
}

impl Modulation {
    /// Splits `linear(silu(condition))`, of width `3K · C`, into K modulations, in the order shift, scale, gate.
    pub fn split<const K: usize>(linear: &Linear, condition: &Tensor<2>) -> [Self; K] {
        let all = linear.forward(langevin_kernels::silu(condition.clone()));
        let width = all.dims()[1] / (3 * K);
        let part = |i: usize| all.clone().narrow(1, i * width, width);
        std::array::from_fn(|k| Self {
            shift: part(3 * k),
            scale: part(3 * k + 1),
            gate: part(3 * k + 2),
        })
    }

    /// The input of the branch: `norm(x) · (1 + scale) + shift` for `x [N, L, C]`.
    pub fn enter(&self, norm: &LayerNorm, x: Tensor<3>) -> Tensor<3> {
        norm.forward_adaptive(x, (self.scale.clone(), self.shift.clone()))
    }

    /// The end of the branch: `x + gate · branch`, both `[N, L, C]`.
    pub fn leave(&self, x: Tensor<3>, branch: Tensor<3>) -> Tensor<3> {
        x + branch * self.gate.clone().unsqueeze_dim(1)
    }
}
