//! A transformer block with attention to a context (Rombach et al. 2022, appendix E.2.1):
//! `x += attn1(norm1(x))`, `x += attn2(norm2(x), context)`, `x += ff(norm3(x))`.

use super::feed_forward::{FeedForward, FeedForwardActivation};
use super::{CrossAttention, CrossAttentionConfig};
use crate::Init;
use crate::branches::branched;
use crate::layer::LayerNorm;
use burn::module::Module;
use burn::tensor::Tensor;

/// Whom the first attention of a block asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstAttention {
    /// The tokens themselves.
    #[default]
    Itself,
    /// The context, as the second does (`only_cross_attention`).
    Context,
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct BasicTransformerBlock {
    /// Before the first attention.
    pub norm1: LayerNorm,
    /// Between the tokens.
    pub attn1: CrossAttention,
    /// Before the second attention.
    pub norm2: LayerNorm,
    /// To the context.
    pub attn2: CrossAttention,
    /// Before the perceptron.
    pub norm3: LayerNorm,
    /// The perceptron.
    pub ff: FeedForward,
    #[module(skip)]
    first: FirstAttention,
}

impl BasicTransformerBlock {
    /// Builds the block for tokens and a context of these sizes.
    pub fn new(init: &mut Init<'_>, config: CrossAttentionConfig, first: FirstAttention) -> Self {
        const EPS: f64 = 1e-5;
        let channels = config.channels;
        let context = match first {
            FirstAttention::Itself => channels,
            FirstAttention::Context => config.context,
        };
        Self {
            norm1: LayerNorm::new(init, channels, EPS),
            attn1: CrossAttention::new(init, CrossAttentionConfig { context, ..config }),
            norm2: LayerNorm::new(init, channels, EPS),
            attn2: CrossAttention::new(init, config),
            norm3: LayerNorm::new(init, channels, EPS),
            ff: FeedForward::new(init, channels, FeedForwardActivation::Geglu, 0.0),
            first,
        }
    }

    /// Maps the tokens `x [N, T, channels]` beside the `context [N, S, context]`. Of a context with `k N` entries each `N`
    /// are for all of `x`, and so many come out; what comes before the context is then computed once.
    pub fn forward(&self, x: Tensor<3>, context: &Tensor<3>) -> Tensor<3> {
        let all = context.dims()[0];
        let (x, asked) = match self.first {
            FirstAttention::Itself => (x, None),
            FirstAttention::Context => (branched(x, all), Some(context)),
        };
        let x = self.attn1.forward_plus(self.norm1.forward(x.clone()), asked, x);
        let x = branched(x, all);
        let x = self.attn2.forward_plus(self.norm2.forward(x.clone()), Some(context), x);
        langevin_kernels::add_scaled(x.clone(), self.ff.forward(self.norm3.forward(x)), 1.0)
    }
}
