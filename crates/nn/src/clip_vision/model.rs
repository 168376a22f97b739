//! The network: its parts and its forward pass.

use super::{CLIPVisionConfig, CLIPVisionEmbeddings};
use crate::clip::CLIPEncoder;
use crate::layer::{LayerNorm, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::AttentionMask;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct CLIPVisionModel {
    /// All but the projection.
    pub vision_model: CLIPVisionTransformer,
    /// From a picture's state to the space that it shares with texts.
    pub visual_projection: Option<Linear>,
    #[module(skip)]
    config: CLIPVisionConfig,
}

/// The network without the projection.
#[derive(Module, Debug)]
pub struct CLIPVisionTransformer {
    /// Patches as vectors.
    pub embeddings: CLIPVisionEmbeddings,
    /// Normalisation before the layers, under the name that all files give it.
    pub pre_layrnorm: LayerNorm,
    /// The layers.
    pub encoder: CLIPEncoder,
    /// Normalisation of the state that stands for the picture.
    pub post_layernorm: LayerNorm,
}

/// States of the patches of a batch, and of each picture as a whole.
#[derive(Clone, Debug)]
pub struct CLIPVisionOutput {
    /// The embedded patches `[N, 1 + patches, C]` and what each layer makes of them, the last layer last.
    pub hidden_states: Vec<Tensor<3>>,
    /// The last layer's states, not normalised, `[N, 1 + patches, C]`.
    pub last_hidden_state: Tensor<3>,
    /// The first of them, that stands for the picture, normalised, `[N, C]`.
    pub pooled: Tensor<2>,
    /// [`CLIPVisionOutput::pooled`] behind the projection, `[N, projection_dim]`, where the network has one.
    pub image_embeds: Option<Tensor<2>>,
}

impl CLIPVisionOutput {
    /// The states counted from the end: 1 is the last layer's, 2 the one before; `None` where there are not as many.
    pub fn hidden_state_from_end(&self, count: usize) -> Option<&Tensor<3>> {
        self.hidden_states.len().checked_sub(count).and_then(|i| self.hidden_states.get(i))
    }
}

impl CLIPVisionModel {
    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &CLIPVisionConfig) -> Result<Self, Error> {
        config.check()?;
        let (width, eps) = (config.hidden_size, config.layer_norm_eps);
        let vision_model = CLIPVisionTransformer {
            embeddings: CLIPVisionEmbeddings::new(init, config),
            pre_layrnorm: LayerNorm::new(init, width, eps),
            encoder: CLIPEncoder::new(init, &config.encoder())?,
            post_layernorm: LayerNorm::new(init, width, eps),
        };
        let visual_projection = config
            .projects()
            .then(|| Linear { bias: None, ..Linear::new(init, width, config.projection_dim) });
        Ok(Self { vision_model, visual_projection, config: config.clone() })
    }

    /// What the network was built from.
    pub fn config(&self) -> &CLIPVisionConfig {
        &self.config
    }

    /// Reads the pictures `pixel_values [N, channels, side, side]`.
    ///
    /// # Panics
    /// When they have another shape; [`CLIPVisionModel::check_inputs`] tells beforehand.
    pub fn forward(&self, pixel_values: Tensor<4>) -> CLIPVisionOutput {
        let model = &self.vision_model;
        let x = model.pre_layrnorm.forward(model.embeddings.forward(pixel_values));
        let hidden_states = model.encoder.forward(x, &AttentionMask::None);
        let last_hidden_state = hidden_states.last().expect("the embedded patches").clone();
        let [n, _, c] = last_hidden_state.dims();
        let class = last_hidden_state.clone().slice([0..n, 0..1, 0..c]).reshape([n, c]);
        let pooled: Tensor<2> = model.post_layernorm.forward(class);
        let image_embeds = self.visual_projection.as_ref().map(|map| map.forward(pooled.clone()));
        CLIPVisionOutput { hidden_states, last_hidden_state, pooled, image_embeds }
    }

    /// [`CLIPVisionModel::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(&self, pixel_values: Tensor<4>) -> Result<CLIPVisionOutput, Error> {
        self.check_inputs(pixel_values.dims())?;
        Ok(self.forward(pixel_values))
    }

    /// Tells whether [`CLIPVisionModel::forward`] accepts pictures of this shape.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn check_inputs(&self, pixel_values: [usize; 4]) -> Result<(), Error> {
        let [n, c, h, w] = pixel_values;
        let (channels, side) = (self.config.num_channels, self.config.image_size);
        if n > 0 && c == channels && [h, w] == [side; 2] {
            return Ok(());
        }
        Err(Error::Input {
            name: "pixel_values",
            found: format!("of shape {pixel_values:?}"),
            expected: format!("[N, {channels}, {side}, {side}]"),
        })
    }
}
