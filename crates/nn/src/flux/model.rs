//! The network: its parts and its forward pass.

use super::config::FluxConfig;
use super::inputs::FluxInputs;
use super::single_block::FluxSingleBlock;
use crate::layer::Linear;
use crate::transformer::{
    AdaLayerNormContinuous, Context, JointAttentionConfig, JointBlock, JointBlockConfig,
    QkNormType, Rope, TimeTextEmbedding,
};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Times and guidance scales are embedded in thousandths.
const UNITS: f64 = 1000.0;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct FluxTransformer2DModel {
    /// The condition: time, text and, where the network has it, guidance scale.
    pub time_text_embed: TimeTextEmbedding,
    /// From words to tokens.
    pub context_embedder: Linear,
    /// From the picture's tokens to those of the network.
    pub x_embedder: Linear,
    /// Blocks with weights of their own for picture and text.
    pub transformer_blocks: Vec<JointBlock>,
    /// Blocks with shared weights.
    pub single_transformer_blocks: Vec<FluxSingleBlock>,
    /// Last normalisation.
    pub norm_out: AdaLayerNormContinuous,
    /// Back to the picture's tokens.
    pub proj_out: Linear,
    #[module(skip)]
    config: FluxConfig,
}

impl FluxTransformer2DModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &FluxConfig) -> Self {
        let dim = config.dim();
        let [heads, head_dim] = [config.num_attention_heads, config.attention_head_dim];
        let qk_norm = Some(QkNormType::RmsNorm);
        let double = JointBlockConfig {
            heads,
            head_dim,
            qk_norm,
            dual_attention: false,
            context_pre_only: false,
        };
        let single =
            JointAttentionConfig { heads, head_dim, bias: true, qk_norm, context: Context::None };
        let embed = TimeTextEmbedding::new(init, config.pooled_projection_dim, dim);
        Self {
            time_text_embed: if config.guidance_embeds { embed.with_guidance(init) } else { embed },
            context_embedder: Linear::new(init, config.joint_attention_dim, dim),
            x_embedder: Linear::new(init, config.in_channels, dim),
            transformer_blocks: (0..config.num_layers)
                .map(|_| JointBlock::new(init, &double))
                .collect(),
            single_transformer_blocks: (0..config.num_single_layers)
                .map(|_| FluxSingleBlock::new(init, &single))
                .collect(),
            norm_out: AdaLayerNormContinuous::new(init, dim),
            proj_out: Linear::new(init, dim, config.outputs()),
            config: config.clone(),
        }
    }

    /// What the network was built from.
    pub fn config(&self) -> &FluxConfig {
        &self.config
    }

    /// Maps N noisy pictures of L tokens to `[N, L, patch_size² · out]`.
    ///
    /// # Panics
    /// When the inputs do not fit; [`FluxInputs::check`] tells beforehand, [`FluxTransformer2DModel::try_forward`] does both.
    pub fn forward(&self, inputs: FluxInputs) -> Tensor<3> {
        let [n, l, _] = inputs.sample.dims();
        let s = inputs.encoder_hidden_states.dims()[1];
        let thousandths = |t: Tensor<1>| t.expand([n]) * UNITS;
        let condition = self.time_text_embed.forward(
            thousandths(inputs.timestep),
            inputs.guidance.map(thousandths),
            inputs.pooled_projections,
        );
        let rope = self.rope(inputs.txt_ids, inputs.img_ids);
        let mut x = self.x_embedder.forward(inputs.sample);
        let mut context = self.context_embedder.forward(inputs.encoder_hidden_states);
        for block in &self.transformer_blocks {
            (x, context) = block.forward(x, context, &condition, Some(&rope));
        }
        let mut all = Tensor::cat(vec![context, x], 1);
        for block in &self.single_transformer_blocks {
            all = block.forward(all, &condition, &rope);
        }
        self.proj_out.forward(self.norm_out.forward(all.narrow(1, s, l), &condition))
    }

    /// [`FluxTransformer2DModel::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(&self, inputs: FluxInputs) -> Result<Tensor<3>, Error> {
        inputs.check(&self.config)?;
        Ok(self.forward(inputs))
    }

    /// The turns of all tokens, the text's first.
    fn rope(&self, txt_ids: Tensor<2>, img_ids: Tensor<2>) -> Rope {
        let device = img_ids.device();
        let places = [txt_ids, img_ids].map(|ids| {
            ids.into_data().try_into_vec_as::<f32>().expect("places are a float tensor")
        });
        Rope::new(&places.concat(), &self.config.axes_dims_rope, &device)
    }
}
