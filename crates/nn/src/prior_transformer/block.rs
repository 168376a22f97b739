//! One block of the transformer: attention between tokens, then two linear maps with a GELU between them, each behind a layer
//! normalisation and beside a residual (Vaswani et al. 2017; Xiong et al. 2020 for the place of the normalisation).

use super::PriorTransformerConfig;
use crate::Init;
use crate::layer::{LayerNorm, Linear};
use crate::transformer::{FeedForward, FeedForwardActivation};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{AttentionMask, attention_masked};

/// Epsilon of the normalisations of every prior, which its configuration does not name.
pub(super) const EPS: f64 = 1e-5;

/// Attention between tokens.
#[derive(Module, Debug)]
pub struct PriorAttention {
    /// To queries.
    pub to_q: Linear,
    /// To keys.
    pub to_k: Linear,
    /// To values.
    pub to_v: Linear,
    /// Back; a list of one, for its name in the state dictionary.
    pub to_out: Vec<Linear>,
    heads: usize,
}

impl PriorAttention {
    /// Builds the attention from a checked configuration.
    pub fn new(init: &mut Init<'_>, config: &PriorTransformerConfig) -> Self {
        let width = config.inner_dim();
        let mut square = || Linear::new(init, width, width);
        let (to_q, to_k, to_v) = (square(), square(), square());
        Self { to_q, to_k, to_v, to_out: vec![square()], heads: config.num_attention_heads }
    }

    /// Attends between the tokens of `x [N, L, C]`.
    pub fn forward(&self, x: &Tensor<3>, mask: AttentionMask) -> Tensor<3> {
        let [n, l, c] = x.dims();
        let head_dim = c / self.heads;
        let split = |map: &Linear| -> Tensor<4> {
            map.forward(x.clone()).reshape([n, l, self.heads, head_dim]).swap_dims(1, 2)
        };
        let (q, k, v) = (split(&self.to_q), split(&self.to_k), split(&self.to_v));
        let mixed = attention_masked(q, k, v, (head_dim as f64).sqrt().recip(), mask);
        let mixed = mixed.swap_dims(1, 2).reshape([n, l, c]);
        self.to_out.iter().fold(mixed, |y, map| map.forward(y))
    }
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct PriorBlock {
    /// Normalisation before the attention.
    pub norm1: LayerNorm,
    /// The attention.
    pub attn1: PriorAttention,
    /// Normalisation before the maps; there is no second one, since no other tokens are attended to.
    pub norm3: LayerNorm,
    /// The maps.
    pub ff: FeedForward,
}

impl PriorBlock {
    /// Builds the block from a checked configuration.
    pub fn new(init: &mut Init<'_>, config: &PriorTransformerConfig) -> Self {
        let width = config.inner_dim();
        Self {
            norm1: LayerNorm::new(init, width, EPS),
            attn1: PriorAttention::new(init, config),
            norm3: LayerNorm::new(init, width, EPS),
            ff: FeedForward::new(init, width, FeedForwardActivation::Gelu, config.dropout),
        }
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>, mask: AttentionMask) -> Tensor<3> {
        let x = self.attn1.forward(&self.norm1.forward(x.clone()), mask) + x;
        self.ff.forward(self.norm3.forward(x.clone())) + x
    }
}
