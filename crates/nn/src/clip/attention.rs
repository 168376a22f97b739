//! Self-attention between tokens (Vaswani et al. 2017, section 3.2) with the parameter names of CLIP.

use super::CLIPEncoderConfig;
use crate::Init;
use crate::layer::Linear;
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{AttentionMask, attention_masked};

/// The layer with its parameters.
#[derive(Module, Debug)]
pub struct CLIPAttention {
    /// To keys.
    pub k_proj: Linear,
    /// To values.
    pub v_proj: Linear,
    /// To queries.
    pub q_proj: Linear,
    /// Back to the width of a token.
    pub out_proj: Linear,
    heads: usize,
}

impl CLIPAttention {
    /// Builds the layer from a checked configuration.
    pub fn new(init: &mut Init<'_>, config: &CLIPEncoderConfig) -> Self {
        let width = config.hidden_size;
        let mut square = || Linear::new(init, width, width);
        Self {
            k_proj: square(),
            v_proj: square(),
            q_proj: square(),
            out_proj: square(),
            heads: config.num_attention_heads,
        }
    }

    /// Attends between the tokens of `x [N, L, C]` that `mask` lets see each other.
    pub fn forward(&self, x: &Tensor<3>, mask: AttentionMask) -> Tensor<3> {
        let [n, l, c] = x.dims();
        let head_dim = c / self.heads;
        let split = |map: &Linear| -> Tensor<4> {
            map.forward(x.clone()).reshape([n, l, self.heads, head_dim]).swap_dims(1, 2)
        };
        let (q, k, v) = (split(&self.q_proj), split(&self.k_proj), split(&self.v_proj));
        let mixed = attention_masked(q, k, v, (head_dim as f64).sqrt().recip(), mask);
        self.out_proj.forward(mixed.swap_dims(1, 2).reshape([n, l, c]))
    }
}
