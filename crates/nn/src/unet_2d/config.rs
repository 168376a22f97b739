//! Configuration of [`UNet2DModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::kinds::{
    ClassEmbedType, DownBlockType as Down, MidBlockType, ResampleType, TimeEmbeddingType,
    UpBlockType as Up,
};
use super::model::UNet2DModel;
use crate::config_json::{self, any_case, number};
use crate::layer::{Activation, TimeShift};
use crate::{Configuration, Error, Init, SampleSize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`UNet2DModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UNet2DConfig {
    /// Size of the pictures that the network was trained on, a note: any that halves evenly works.
    pub sample_size: Option<SampleSize>,
    /// Channels in.
    pub in_channels: usize,
    /// Channels out.
    pub out_channels: usize,
    /// Whether the input, in [0, 1], is first mapped to [−1, 1].
    pub center_input_sample: bool,
    /// How the time enters.
    pub time_embedding_type: TimeEmbeddingType,
    /// Numbers in the time embedding; four times the first block's channels where not given.
    pub time_embedding_dim: Option<usize>,
    /// See [`Sinusoidal`](crate::layer::Sinusoidal).
    #[serde(serialize_with = "number")]
    pub freq_shift: f64,
    /// See [`Sinusoidal`](crate::layer::Sinusoidal).
    pub flip_sin_to_cos: bool,
    /// Blocks of the way down, the largest picture first.
    pub down_block_types: Vec<Down>,
    /// The block in the middle, if any.
    pub mid_block_type: Option<MidBlockType>,
    /// Blocks of the way up, the smallest picture first.
    pub up_block_types: Vec<Up>,
    /// Channels of each size, the largest picture first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks per block of the way down; the way up has one more in each.
    pub layers_per_block: usize,
    /// Divides the output of the residual blocks and of the attention in the middle.
    #[serde(serialize_with = "number")]
    pub mid_block_scale_factor: f64,
    /// Zeros around the picture before a strided convolution; 0 means one zero after the last row and column.
    pub downsample_padding: usize,
    /// How `AttnDownBlock2D` halves the size; null means by a convolution.
    pub downsample_type: Option<ResampleType>,
    /// How `AttnUpBlock2D` doubles the size; null means by a convolution.
    pub upsample_type: Option<ResampleType>,
    /// Probability of dropping an element inside residual blocks, in training only.
    #[serde(serialize_with = "number")]
    pub dropout: f64,
    /// The non-linearity of residual blocks.
    #[serde(deserialize_with = "any_case")]
    pub act_fn: Activation,
    /// Numbers per attention head; null means one head.
    pub attention_head_dim: Option<usize>,
    /// Groups of the normalisations; null means a quarter of the channels, at most 32, where diffusers allows that.
    pub norm_num_groups: Option<usize>,
    /// Groups of the normalisation before the attention in the middle; null means as the others, or none with
    /// scale-shift.
    pub attn_norm_num_groups: Option<usize>,
    /// Epsilon of the normalisations.
    #[serde(serialize_with = "number")]
    pub norm_eps: f64,
    /// How the time enters residual blocks.
    pub resnet_time_scale_shift: TimeShift,
    /// Whether the block in the middle has attention.
    pub add_attention: bool,
    /// How labels enter; null means by a table where `num_class_embeds` is given.
    pub class_embed_type: Option<ClassEmbedType>,
    /// Rows of the class table.
    pub num_class_embeds: Option<usize>,
    /// Rows of the table of a learned time embedding.
    pub num_train_timesteps: Option<usize>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for UNet2DConfig {
    fn default() -> Self {
        Self {
            sample_size: None,
            in_channels: 3,
            out_channels: 3,
            center_input_sample: false,
            time_embedding_type: TimeEmbeddingType::Positional,
            time_embedding_dim: None,
            freq_shift: 0.0,
            flip_sin_to_cos: true,
            down_block_types: vec![
                Down::DownBlock2D,
                Down::AttnDownBlock2D,
                Down::AttnDownBlock2D,
                Down::AttnDownBlock2D,
            ],
            mid_block_type: Some(MidBlockType::UNetMidBlock2D),
            up_block_types: vec![
                Up::AttnUpBlock2D,
                Up::AttnUpBlock2D,
                Up::AttnUpBlock2D,
                Up::UpBlock2D,
            ],
            block_out_channels: vec![224, 448, 672, 896],
            layers_per_block: 2,
            mid_block_scale_factor: 1.0,
            downsample_padding: 1,
            downsample_type: Some(ResampleType::Conv),
            upsample_type: Some(ResampleType::Conv),
            dropout: 0.0,
            act_fn: Activation::Silu,
            attention_head_dim: Some(8),
            norm_num_groups: Some(32),
            attn_norm_num_groups: None,
            norm_eps: 1e-5,
            resnet_time_scale_shift: TimeShift::Default,
            add_attention: true,
            class_embed_type: None,
            num_class_embeds: None,
            num_train_timesteps: None,
            other: Map::new(),
        }
    }
}

impl UNet2DConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "UNet2DModel";

    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn init(&self, init: &mut Init<'_>) -> Result<UNet2DModel, Error> {
        self.check()?;
        UNet2DModel::new(init, self)
    }

    /// Numbers in the time embedding.
    pub fn time_dim(&self) -> usize {
        // Python's `or`: zero counts as not given.
        self.time_embedding_dim.filter(|&d| d > 0).unwrap_or(4 * self.block_out_channels[0])
    }
}

impl Configuration for UNet2DConfig {
    type Network = UNet2DModel;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        Self::from_json(object)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<UNet2DModel, Error> {
        self.init(init)
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }
}
