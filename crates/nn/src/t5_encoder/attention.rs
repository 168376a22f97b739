//! Self-attention of T5 (Raffel et al. 2020, section 2.1): no biases, no scale, and a number added to each score that depends
//! on the distance between query and key alone; before it a normalisation, beside it a residual.

#![allow(non_snake_case, reason = "fields have the names of the state dictionary")]

use super::T5Config;
use crate::Init;
use crate::layer::{Embedding, Linear, RmsNorm};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{AttentionMask, attention_masked};

/// The attention with its parameters.
#[derive(Module, Debug)]
pub struct T5Attention {
    /// To queries.
    pub q: Linear,
    /// To keys.
    pub k: Linear,
    /// To values.
    pub v: Linear,
    /// Back to the width of a token.
    pub o: Linear,
    /// A number for each class of distances and each head, in the first block only; all blocks add it.
    pub relative_attention_bias: Option<Embedding>,
    heads: usize,
}

impl T5Attention {
    /// Builds the attention of block `index` from a checked configuration.
    pub fn new(init: &mut Init<'_>, config: &T5Config, index: usize) -> Self {
        let (outer, heads) = (config.d_model, config.num_heads);
        let inner = heads * config.d_kv;
        let mut map = |from, to| Linear { bias: None, ..Linear::new(init, from, to) };
        let (q, k, v, o) =
            (map(outer, inner), map(outer, inner), map(outer, inner), map(inner, outer));
        let relative_attention_bias = (index == 0)
            .then(|| Embedding::new(init, config.relative_attention_num_buckets, heads));
        Self { q, k, v, o, relative_attention_bias, heads }
    }

    /// Attends between the tokens of `x [N, L, C]`, with `bias` on the scores.
    pub fn forward(&self, x: &Tensor<3>, bias: AttentionMask) -> Tensor<3> {
        let [n, l, _] = x.dims();
        let split = |map: &Linear| -> Tensor<4> {
            let y = map.forward(x.clone());
            let head_dim = y.dims()[2] / self.heads;
            y.reshape([n, l, self.heads, head_dim]).swap_dims(1, 2)
        };
        let (q, k, v) = (split(&self.q), split(&self.k), split(&self.v));
        let inner = self.heads * v.dims()[3];
        let mixed = attention_masked(q, k, v, 1.0, bias);
        self.o.forward(mixed.swap_dims(1, 2).reshape([n, l, inner]))
    }
}

/// The attention with its normalisation.
#[derive(Module, Debug)]
pub struct T5LayerSelfAttention {
    /// The attention.
    pub SelfAttention: T5Attention,
    /// Normalisation before it.
    pub layer_norm: RmsNorm,
}

impl T5LayerSelfAttention {
    /// Builds both for block `index`.
    pub fn new(init: &mut Init<'_>, config: &T5Config, index: usize) -> Self {
        Self {
            SelfAttention: T5Attention::new(init, config, index),
            layer_norm: RmsNorm::new(init, config.d_model, config.layer_norm_epsilon),
        }
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>, bias: AttentionMask) -> Tensor<3> {
        self.SelfAttention.forward(&self.layer_norm.forward(x.clone()), bias) + x
    }
}
