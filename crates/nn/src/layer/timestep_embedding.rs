//! The two-layer perceptron behind a time embedding: `linear_2(silu(linear_1(x)))`.

use super::Linear;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;

/// The perceptron with its parameters.
#[derive(Module, Debug)]
pub struct TimestepEmbedding {
    /// From the projection to the embedding width.
    pub linear_1: Linear,
    /// From the embedding width to itself.
    pub linear_2: Linear,
}

impl TimestepEmbedding {
    /// From `inputs` numbers to an embedding of `dim`.
    pub fn new(init: &mut Init<'_>, inputs: usize, dim: usize) -> Self {
        Self { linear_1: Linear::new(init, inputs, dim), linear_2: Linear::new(init, dim, dim) }
    }

    /// Maps `x [N, inputs]` to `[N, dim]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.linear_2.forward(langevin_kernels::silu(self.linear_1.forward(x)))
    }
}
