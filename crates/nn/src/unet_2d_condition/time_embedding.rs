//! The perceptron behind the time's sines and cosines, with the additions of conditional U-Nets:
//! `post(linear_2(act(linear_1(t + cond_proj(w)))))` (Meng et al. 2023 for `w`, the embedded guidance scale).

use crate::Init;
use crate::layer::{Activation, Linear};
use burn::module::Module;
use burn::tensor::Tensor;

/// The perceptron with its parameters.
#[derive(Module, Debug)]
pub struct TimeEmbedding {
    /// From the projection to the embedding width.
    pub linear_1: Linear,
    /// From a condition to the projection, without offsets.
    pub cond_proj: Option<Linear>,
    /// From the embedding width to itself.
    pub linear_2: Linear,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    post: Option<Activation>,
}

impl TimeEmbedding {
    /// From `inputs` numbers, and a condition of `condition` numbers, to an embedding of `dim`.
    pub fn new(init: &mut Init<'_>, inputs: usize, dim: usize, condition: Option<usize>) -> Self {
        Self {
            linear_1: Linear::new(init, inputs, dim),
            cond_proj: condition.map(|condition| Linear::unbiased(init, condition, inputs)),
            linear_2: Linear::new(init, dim, dim),
            activation: Activation::Silu,
            post: None,
        }
    }

    /// The same with other non-linearities.
    pub fn with_activations(self, activation: Activation, post: Option<Activation>) -> Self {
        Self { activation, post, ..self }
    }

    /// Maps `x [N, inputs]`, and a condition `[N, condition]` where one is given and known, to `[N, dim]`.
    pub fn forward(&self, x: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        let x = match (&self.cond_proj, condition) {
            (Some(map), Some(condition)) => x + map.forward(condition),
            _ => x,
        };
        let y = self.linear_2.forward(self.activation.forward(self.linear_1.forward(x)));
        match self.post {
            Some(post) => post.forward(y),
            None => y,
        }
    }
}
