//! A block of the diffusion transformer (Peebles and Xie 2023, figure 3, "DiT Block with adaLN-Zero"): attention, then a
//! feed-forward layer, each normalised, scaled, shifted and gated by time and class.

use super::config::DiTConfig;
use super::label_norm::LabelNorm;
use crate::Init;
use crate::layer::LayerNorm;
use crate::transformer::{Context, FeedForward, JointAttention, JointAttentionConfig, Modulation};
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct DiTBlock {
    /// Condition and first normalisation.
    pub norm1: LabelNorm,
    /// Attention between all tokens.
    pub attn1: JointAttention,
    /// Before the feed-forward layer.
    pub norm3: LayerNorm,
    /// The feed-forward layer.
    pub ff: FeedForward,
}

impl DiTBlock {
    /// Builds the block; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &DiTConfig) -> Self {
        let dim = config.dim();
        let attention = JointAttentionConfig {
            heads: config.num_attention_heads,
            head_dim: config.attention_head_dim,
            bias: config.attention_bias,
            qk_norm: None,
            context: Context::None,
        };
        Self {
            norm1: LabelNorm::new(init, dim, config.class_rows()),
            attn1: JointAttention::new(init, &attention),
            norm3: if config.norm_elementwise_affine {
                LayerNorm::new(init, dim, config.norm_eps)
            } else {
                LayerNorm::plain(config.norm_eps)
            },
            ff: FeedForward::new(init, dim, config.activation_fn, config.dropout),
        }
    }

    /// Maps the tokens `x [N, L, C]` at `timestep [N]` with `labels [N]` or `[1]`.
    pub fn forward(&self, x: Tensor<3>, timestep: Tensor<1>, labels: Tensor<1, Int>) -> Tensor<3> {
        let condition = self.norm1.emb.forward(timestep, labels);
        let [attention, mlp] = Modulation::split(&self.norm1.linear, &condition);
        let branch = self.attn1.forward(attention.enter(&self.norm1.norm, x.clone()), None);
        let x = attention.leave(x, branch);
        let branch = self.ff.forward(mlp.enter(&self.norm3, x.clone()));
        mlp.leave(x, branch)
    }
}
