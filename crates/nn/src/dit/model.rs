//! The network: its parts and its forward pass.

use super::block::DiTBlock;
use super::config::DiTConfig;
use crate::layer::{LayerNorm, Linear};
use crate::transformer::ada_layer_norm::EPS;
use crate::transformer::check;
use crate::transformer::patch_embed::{PatchEmbed, PatchEmbedConfig, unpatchify};
use crate::{ClassLabels, Error, Init};
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct DiTTransformer2DModel {
    /// From the picture to tokens.
    pub pos_embed: PatchEmbed,
    /// The blocks.
    pub transformer_blocks: Vec<DiTBlock>,
    /// Last normalisation.
    pub norm_out: LayerNorm,
    /// From the first block's condition to the shift and scale of the last normalisation.
    pub proj_out_1: Linear,
    /// From tokens to pixels.
    pub proj_out_2: Linear,
    #[module(skip)]
    config: DiTConfig,
}

impl DiTTransformer2DModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &DiTConfig) -> Self {
        let (dim, patch) = (config.dim(), config.patch_size);
        let embed = PatchEmbedConfig {
            in_channels: config.in_channels,
            dim,
            patch,
            sample_size: config.sample_size,
            stored_side: None,
        };
        Self {
            pos_embed: PatchEmbed::new(init, &embed),
            transformer_blocks: (0..config.num_layers)
                .map(|_| DiTBlock::new(init, config))
                .collect(),
            norm_out: LayerNorm::plain(EPS),
            proj_out_1: Linear::new(init, dim, 2 * dim),
            proj_out_2: Linear::new(init, dim, patch * patch * config.outputs()),
            config: config.clone(),
        }
    }

    /// What the network was built from.
    pub fn config(&self) -> &DiTConfig {
        &self.config
    }

    /// Maps `sample [N, C, H, W]` at `timestep [N]` or `[1]` with class indices `[N]` or `[1]` to `[N, out, H, W]`; the index
    /// `num_embeds_ada_norm` stands for no class.
    ///
    /// # Panics
    /// When the inputs do not fit; [`DiTTransformer2DModel::check_inputs`] tells beforehand.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<ClassLabels>,
    ) -> Tensor<4> {
        let [n, _, height, width] = sample.dims();
        let (timestep, labels) = (timestep.expand([n]), indices(class_labels));
        let mut x = self.pos_embed.forward(sample);
        for block in &self.transformer_blocks {
            x = block.forward(x, timestep.clone(), labels.clone());
        }
        let condition = self.transformer_blocks[0].norm1.emb.forward(timestep, labels);
        let both = self.proj_out_1.forward(langevin_kernels::silu(condition));
        let dim = self.config.dim();
        let (shift, scale) = (both.clone().narrow(1, 0, dim), both.narrow(1, dim, dim));
        let x = self.proj_out_2.forward(self.norm_out.forward_adaptive(x, (scale, shift)));
        let patch = self.config.patch_size;
        unpatchify(x, [height / patch, width / patch], patch)
    }

    /// Tells whether [`DiTTransformer2DModel::forward`] accepts a sample of this shape, these timesteps and these labels.
    ///
    /// # Errors
    /// [`Error::Input`] names the input at fault.
    pub fn check_inputs(
        &self,
        sample: [usize; 4],
        timestep: &Tensor<1>,
        class_labels: Option<&ClassLabels>,
    ) -> Result<(), Error> {
        let (channels, patch) = (self.config.in_channels, self.config.patch_size);
        check::picture(sample, channels, patch, self.pos_embed.most_tokens())?;
        check::numbers("timestep", timestep, sample[0])?;
        ClassLabels::check_indices(class_labels, self.config.class_rows(), sample[0])
    }
}

/// The rows of the class table.
fn indices(labels: Option<ClassLabels>) -> Tensor<1, Int> {
    match labels {
        Some(ClassLabels::Index(index)) => index,
        Some(ClassLabels::Value(value)) => value.int(),
        other => panic!("a class index must be given for each picture, not {other:?}"),
    }
}
