//! One block of the transformer: attention between tokens, then two linear maps with a GELU between them, each behind a layer
//! normalisation and beside a residual (Vaswani et al. 2017; Xiong et al. 2020 for the place of the normalisation).

use super::PriorTransformerConfig;
use crate::Init;
use crate::layer::{LayerNorm, Linear};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{AttentionMask, attention_masked, gelu};

/// Width of the feed-forward layer in multiples of its input's.
const EXPANSION: usize = 4;
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

/// An affine map under a name of its own.
#[derive(Module, Debug)]
pub struct PriorProjection {
    /// The map.
    pub proj: Linear,
}

/// The two linear maps.
#[derive(Module, Debug)]
pub struct PriorFeedForward {
    /// The map in, PyTorch's dropout (its probability, for training alone) and the map out, for their names `net.0.proj` and
    /// `net.2`.
    pub net: (PriorProjection, f64, Linear),
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
    pub ff: PriorFeedForward,
}

impl PriorBlock {
    /// Builds the block from a checked configuration.
    pub fn new(init: &mut Init<'_>, config: &PriorTransformerConfig) -> Self {
        let width = config.inner_dim();
        let inner = EXPANSION * width;
        let proj = PriorProjection { proj: Linear::new(init, width, inner) };
        Self {
            norm1: LayerNorm::new(init, width, EPS),
            attn1: PriorAttention::new(init, config),
            norm3: LayerNorm::new(init, width, EPS),
            ff: PriorFeedForward { net: (proj, config.dropout, Linear::new(init, inner, width)) },
        }
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>, mask: AttentionMask) -> Tensor<3> {
        let x = self.attn1.forward(&self.norm1.forward(x.clone()), mask) + x;
        let (enter, _, leave) = &self.ff.net;
        leave.forward(gelu(enter.proj.forward(self.norm3.forward(x.clone())))) + x
    }
}
