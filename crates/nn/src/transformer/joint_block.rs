//! A block for tokens of a picture and of a text with weights of their own (Esser et al. 2024, figure 2b): joint attention,
//! then a feed-forward layer for each, all modulated by the condition; `JointTransformerBlock` of Stable Diffusion 3 and
//! `FluxTransformerBlock`.

use super::ada_layer_norm::EPS;
use super::{
    AdaLayerNormContinuous, AdaLayerNormZero, Context, FeedForward, FeedForwardActivation,
    JointAttention, JointAttentionConfig, QkNormType, Rope,
};
use crate::Init;
use crate::layer::LayerNorm;
use burn::module::Module;
use burn::tensor::Tensor;

/// What a block is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointBlockConfig {
    /// Number of heads.
    pub heads: usize,
    /// Numbers per head; tokens have `heads · head_dim` channels.
    pub head_dim: usize,
    /// Normalisation of queries and keys.
    pub qk_norm: Option<QkNormType>,
    /// Whether the picture's tokens also attend among themselves.
    pub dual_attention: bool,
    /// Whether the text's tokens end here.
    pub context_pre_only: bool,
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct JointBlock {
    /// Modulations of the picture's branches: attention, feed-forward, and attention among themselves where there is one.
    pub norm1: AdaLayerNormZero,
    /// The same for the text.
    pub norm1_context: ContextNorm,
    /// Attention between all tokens.
    pub attn: JointAttention,
    /// Attention between the picture's tokens.
    pub attn2: Option<JointAttention>,
    /// Before the picture's feed-forward layer.
    pub norm2: LayerNorm,
    /// Of the picture.
    pub ff: FeedForward,
    /// Of the text; none where the text ends.
    pub ff_context: Option<FeedForward>,
}

/// The normalisation of the text's tokens.
#[derive(Module, Debug)]
pub enum ContextNorm {
    /// In a block that updates them.
    Zero(AdaLayerNormZero),
    /// In the last block.
    Continuous(AdaLayerNormContinuous),
}

impl JointBlock {
    /// Builds the block with PyTorch's default initialisation.
    pub fn new(init: &mut Init<'_>, config: &JointBlockConfig) -> Self {
        let JointBlockConfig { heads, head_dim, qk_norm, dual_attention, context_pre_only } =
            *config;
        let dim = heads * head_dim;
        let context = if context_pre_only { Context::Read } else { Context::Updated };
        let attention = JointAttentionConfig { heads, head_dim, bias: true, qk_norm, context };
        let alone = JointAttentionConfig { context: Context::None, ..attention };
        let ff = |init: &mut Init<'_>| {
            FeedForward::new(init, dim, FeedForwardActivation::GeluApproximate, 0.0)
        };
        Self {
            norm1: AdaLayerNormZero::new(init, dim, if dual_attention { 3 } else { 2 }),
            norm1_context: if context_pre_only {
                ContextNorm::Continuous(AdaLayerNormContinuous::new(init, dim))
            } else {
                ContextNorm::Zero(AdaLayerNormZero::new(init, dim, 2))
            },
            attn: JointAttention::new(init, &attention),
            attn2: dual_attention.then(|| JointAttention::new(init, &alone)),
            norm2: LayerNorm::plain(EPS),
            ff: ff(init),
            ff_context: (!context_pre_only).then(|| ff(init)),
        }
    }

    /// Maps `x [N, L, C]` and `context [N, S, C]` under `condition [N, C]`; where the text ends, its tokens come back as they
    /// came. `rope` is for the text's tokens, then the picture's.
    pub fn forward(
        &self,
        x: Tensor<3>,
        context: Tensor<3>,
        condition: &Tensor<2>,
        rope: Option<&Rope>,
    ) -> (Tensor<3>, Tensor<3>) {
        let (attention, mlp, alone) = match &self.attn2 {
            Some(attn2) => {
                let [attention, mlp, alone] = self.norm1.modulations(condition);
                (attention, mlp, Some((attn2, alone)))
            }
            None => {
                let [attention, mlp] = self.norm1.modulations(condition);
                (attention, mlp, None)
            }
        };
        let entered = attention.enter(&self.norm1.norm, x.clone());
        let (mixed, context) = match &self.norm1_context {
            ContextNorm::Continuous(norm) => {
                let read = norm.forward(context.clone(), condition);
                (self.attn.forward_joint(entered, read, rope).0, context)
            }
            ContextNorm::Zero(norm) => {
                let [attention, mlp] = norm.modulations(condition);
                let read = attention.enter(&norm.norm, context.clone());
                let (mixed, update) = self.attn.forward_joint(entered, read, rope);
                let context = match update {
                    Some(update) => attention.leave(context, update),
                    None => context,
                };
                let context = match &self.ff_context {
                    Some(ff) => {
                        let branch = ff.forward(mlp.enter(&norm.norm, context.clone()));
                        mlp.leave(context, branch)
                    }
                    None => context,
                };
                (mixed, context)
            }
        };
        // Both attentions read the tokens as they entered the block.
        let branch = alone.map(|(attn2, modulation)| {
            (attn2.forward(modulation.enter(&self.norm1.norm, x.clone()), None), modulation)
        });
        let x = attention.leave(x, mixed);
        let x = match branch {
            Some((branch, modulation)) => modulation.leave(x, branch),
            None => x,
        };
        let branch = self.ff.forward(mlp.enter(&self.norm2, x.clone()));
        (mlp.leave(x, branch), context)
    }
}
