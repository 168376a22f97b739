//! The network: its parts and its forward pass.

use super::config::SD3Config;
use super::inputs::SD3Inputs;
use crate::layer::Linear;
use crate::transformer::patch_embed::{PatchEmbed, PatchEmbedConfig, unpatchify};
use crate::transformer::{AdaLayerNormContinuous, JointBlock, JointBlockConfig, TimeTextEmbedding};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct SD3Transformer2DModel {
    /// From the picture to tokens.
    pub pos_embed: PatchEmbed,
    /// The condition: time and text.
    pub time_text_embed: TimeTextEmbedding,
    /// From words to tokens.
    pub context_embedder: Linear,
    /// The blocks.
    pub transformer_blocks: Vec<JointBlock>,
    /// Last normalisation.
    pub norm_out: AdaLayerNormContinuous,
    /// From tokens to pixels.
    pub proj_out: Linear,
    #[module(skip)]
    config: SD3Config,
}

impl SD3Transformer2DModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &SD3Config) -> Self {
        let (dim, patch) = (config.dim(), config.patch_size);
        let embed = PatchEmbedConfig {
            in_channels: config.in_channels,
            dim,
            patch,
            sample_size: config.sample_size,
            stored_side: config.pos_embed_max_size,
        };
        let block = |i: usize| JointBlockConfig {
            heads: config.num_attention_heads,
            head_dim: config.attention_head_dim,
            qk_norm: config.qk_norm,
            dual_attention: config.dual_attention_layers.contains(&i),
            context_pre_only: i + 1 == config.num_layers,
        };
        Self {
            pos_embed: PatchEmbed::new(init, &embed),
            time_text_embed: TimeTextEmbedding::new(init, config.pooled_projection_dim, dim),
            context_embedder: Linear::new(init, config.joint_attention_dim, dim),
            transformer_blocks: (0..config.num_layers)
                .map(|i| JointBlock::new(init, &block(i)))
                .collect(),
            norm_out: AdaLayerNormContinuous::new(init, dim),
            proj_out: Linear::new(init, dim, patch * patch * config.outputs()),
            config: config.clone(),
        }
    }

    /// What the network was built from.
    pub fn config(&self) -> &SD3Config {
        &self.config
    }

    /// Maps N noisy pictures to `[N, out, H, W]`.
    ///
    /// # Panics
    /// When the inputs do not fit; [`SD3Inputs::check`] tells beforehand, [`SD3Transformer2DModel::try_forward`] does both.
    pub fn forward(&self, inputs: SD3Inputs) -> Tensor<4> {
        let SD3Inputs { sample, timestep, encoder_hidden_states, pooled_projections } = inputs;
        let [n, _, height, width] = sample.dims();
        let condition =
            self.time_text_embed.forward(timestep.expand([n]), None, pooled_projections);
        let mut x = self.pos_embed.forward(sample);
        let mut context = self.context_embedder.forward(encoder_hidden_states);
        for block in &self.transformer_blocks {
            (x, context) = block.forward(x, context, &condition, None);
        }
        let x = self.proj_out.forward(self.norm_out.forward(x, &condition));
        let patch = self.config.patch_size;
        unpatchify(x, [height / patch, width / patch], patch)
    }

    /// [`SD3Transformer2DModel::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(&self, inputs: SD3Inputs) -> Result<Tensor<4>, Error> {
        inputs.check(&self.config)?;
        Ok(self.forward(inputs))
    }
}
