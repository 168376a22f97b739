//! Multi-head attention of tokens to themselves or to a context (Vaswani et al. 2017, §3.2), as transformer blocks of
//! U-Nets have it: `to_q`, `to_k` and `to_v` without bias, `to_out.0` with one.

use crate::Init;
use crate::layer::Linear;
use burn::module::Module;
use burn::tensor::Tensor;

/// Sizes of a [`CrossAttention`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrossAttentionConfig {
    /// Numbers per token, in and out.
    pub channels: usize,
    /// Numbers per token of the context.
    pub context: usize,
    /// Heads.
    pub heads: usize,
    /// Numbers per head.
    pub head_dim: usize,
}

/// The attention with its parameters.
#[derive(Module, Debug)]
pub struct CrossAttention {
    /// To queries.
    pub to_q: Linear,
    /// To keys.
    pub to_k: Linear,
    /// To values.
    pub to_v: Linear,
    /// Back to channels; a list of one, for its name in the state dictionary.
    pub to_out: Vec<Linear>,
    heads: usize,
    head_dim: usize,
}

impl CrossAttention {
    /// Builds the attention with PyTorch's default initialisation.
    pub fn new(init: &mut Init<'_>, config: CrossAttentionConfig) -> Self {
        let CrossAttentionConfig { channels, context, heads, head_dim } = config;
        let inner = heads * head_dim;
        Self {
            to_q: Linear::unbiased(init, channels, inner),
            to_k: Linear::unbiased(init, context, inner),
            to_v: Linear::unbiased(init, context, inner),
            to_out: vec![Linear::new(init, inner, channels)],
            heads,
            head_dim,
        }
    }

    /// What the tokens `x [N, T, channels]` gather from the `context [N, S, context]`, or from each other, and the
    /// `residual` added.
    pub fn forward_plus(
        &self,
        x: Tensor<3>,
        context: Option<&Tensor<3>>,
        residual: Tensor<3>,
    ) -> Tensor<3> {
        let split = |map: &Linear, tokens: Tensor<3>| -> Tensor<4> {
            let [n, count, _] = tokens.dims();
            map.forward(tokens).reshape([n, count, self.heads, self.head_dim]).swap_dims(1, 2)
        };
        let [n, count, _] = x.dims();
        let source = context.cloned().unwrap_or_else(|| x.clone());
        let q = split(&self.to_q, x);
        let (k, v) = (split(&self.to_k, source.clone()), split(&self.to_v, source));
        let mixed = langevin_kernels::attention(q, k, v, (self.head_dim as f64).sqrt().recip());
        let mixed = mixed.swap_dims(1, 2).reshape([n, count, self.heads * self.head_dim]);
        let mixed = self.to_out.iter().fold(mixed, |y, map| map.forward(y));
        langevin_kernels::add_scaled(residual, mixed, 1.0)
    }
}
