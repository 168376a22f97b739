//! Transformer blocks over the pixels of a picture (Rombach et al. 2022, §3.3): group normalisation, a map to tokens, the
//! blocks, a map back, and the residual.

use super::{BasicTransformerBlock, CrossAttentionConfig, FirstAttention};
use crate::branches::branched;
use crate::layer::{Conv2d, GroupNorm, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// How pixels become tokens and back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenProjection {
    /// By 1×1 convolutions.
    #[default]
    Convolution,
    /// By linear maps; the numbers are the same, the files are not.
    Linear,
}

/// What a [`Transformer2D`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transformer2DConfig {
    /// Channels in and out.
    pub channels: usize,
    /// Heads; each has `channels / heads` numbers, rounded down.
    pub heads: usize,
    /// Numbers per token of the context.
    pub context: usize,
    /// Blocks.
    pub layers: usize,
    /// Groups of the normalisation.
    pub groups: usize,
    /// How pixels become tokens.
    pub projection: TokenProjection,
    /// Whom the first attention of each block asks.
    pub first: FirstAttention,
}

/// The transformer with its parameters.
#[derive(Module, Debug)]
pub struct Transformer2D {
    /// Normalisation of the input.
    pub norm: GroupNorm,
    /// From channels to tokens.
    pub proj_in: TokenMap,
    /// The blocks.
    pub transformer_blocks: Vec<BasicTransformerBlock>,
    /// From tokens to channels.
    pub proj_out: TokenMap,
}

/// A map of each pixel's channels.
#[derive(Module, Debug)]
pub enum TokenMap {
    /// A 1×1 convolution.
    Convolution(Conv2d),
    /// A linear map.
    Linear(Linear),
}

impl TokenMap {
    fn new(
        init: &mut Init<'_>,
        projection: TokenProjection,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        match projection {
            TokenProjection::Convolution => {
                Self::Convolution(Conv2d::pointwise(init, inputs, outputs))
            }
            TokenProjection::Linear => Self::Linear(Linear::new(init, inputs, outputs)),
        }
    }
}

impl Transformer2D {
    /// Builds the transformer with PyTorch's default initialisation.
    ///
    /// # Errors
    /// [`Error::Config`] when there are more heads than channels or the groups do not divide the channels.
    pub fn new(init: &mut Init<'_>, config: &Transformer2DConfig) -> Result<Self, Error> {
        const EPS: f64 = 1e-6;
        let Transformer2DConfig { channels, heads, context, layers, groups, .. } = *config;
        let head_dim = channels.checked_div(heads).unwrap_or(0);
        if head_dim == 0 {
            let expected = format!("a number of heads from 1 to {channels}, the block's channels");
            return Err(Error::config("attention_head_dim", &heads, expected));
        }
        let inner = heads * head_dim;
        let attention = CrossAttentionConfig { channels: inner, context, heads, head_dim };
        Ok(Self {
            norm: GroupNorm::new(init, groups, channels, EPS)?,
            proj_in: TokenMap::new(init, config.projection, channels, inner),
            transformer_blocks: (0..layers)
                .map(|_| BasicTransformerBlock::new(init, attention, config.first))
                .collect(),
            proj_out: TokenMap::new(init, config.projection, inner, channels),
        })
    }

    /// Maps `x [N, C, H, W]` beside the `context [N, S, context]`, or to `k N` pictures beside one of `k N` entries, as
    /// [`BasicTransformerBlock::forward`] does.
    pub fn forward(&self, x: Tensor<4>, context: &Tensor<3>) -> Tensor<4> {
        let [_, channels, h, w] = x.dims();
        let tokens = |x: Tensor<4>| -> Tensor<3> {
            let [n, channels, ..] = x.dims();
            x.reshape([n, channels, h * w]).swap_dims(1, 2)
        };
        let picture = |x: Tensor<3>, channels: usize| -> Tensor<4> {
            let n = x.dims()[0];
            x.swap_dims(1, 2).reshape([n, channels, h, w])
        };
        let normed = self.norm.forward(x.clone());
        let mut state = match &self.proj_in {
            TokenMap::Convolution(map) => tokens(map.forward(normed)),
            TokenMap::Linear(map) => map.forward(tokens(normed)),
        };
        for block in &self.transformer_blocks {
            state = block.forward(state, context);
        }
        let x = branched(x, state.dims()[0]);
        match &self.proj_out {
            TokenMap::Convolution(map) => {
                let inner = state.dims()[2];
                map.forward_plus(picture(state, inner), x)
            }
            TokenMap::Linear(map) => picture(map.forward(state), channels) + x,
        }
    }
}
