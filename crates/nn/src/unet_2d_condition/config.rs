//! Configuration of [`UNet2DConditionModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::kinds::{
    AdditionEmbedType, ClassEmbedType, DownBlockType as Down, EncoderHidDimType, MidBlockType,
    UpBlockType as Up,
};
use super::model::UNet2DConditionModel;
use super::per_level::PerLevel;
use crate::config_json::{self, any_case, number};
use crate::layer::{Activation, TimeShift};
use crate::{Configuration, Error, Init, SampleSize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`UNet2DConditionModel`].
///
/// Keys that only networks of other families set (`dual_cross_attention`, `attention_type`, …) are kept, and refused at
/// any other value than their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UNet2DConditionConfig {
    /// Size of the latents that the network was trained on, a note.
    pub sample_size: Option<SampleSize>,
    /// Channels in.
    pub in_channels: usize,
    /// Channels out.
    pub out_channels: usize,
    /// Whether the input, in [0, 1], is first mapped to [−1, 1].
    pub center_input_sample: bool,
    /// See [`Sinusoidal`](crate::layer::Sinusoidal).
    pub flip_sin_to_cos: bool,
    /// See [`Sinusoidal`](crate::layer::Sinusoidal).
    #[serde(serialize_with = "number")]
    pub freq_shift: f64,
    /// Blocks of the way down, the largest picture first.
    pub down_block_types: Vec<Down>,
    /// The block in the middle, if any.
    pub mid_block_type: Option<MidBlockType>,
    /// Blocks of the way up, the smallest picture first.
    pub up_block_types: Vec<Up>,
    /// Whether the first attention of transformer blocks asks the context, too.
    pub only_cross_attention: PerLevel<bool>,
    /// Channels of each size, the largest picture first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks per block of the way down; the way up has one more in each.
    pub layers_per_block: PerLevel<usize>,
    /// Zeros around the picture before a strided convolution; 0 means one zero after the last row and column.
    pub downsample_padding: usize,
    /// Divides the output of the residual blocks in the middle.
    #[serde(serialize_with = "number")]
    pub mid_block_scale_factor: f64,
    /// Probability of dropping an element in training; this network is not trained here.
    #[serde(serialize_with = "number")]
    pub dropout: f64,
    /// The non-linearity of residual blocks and of the time embedding.
    #[serde(deserialize_with = "any_case")]
    pub act_fn: Activation,
    /// Groups of the normalisations.
    pub norm_num_groups: Option<usize>,
    /// Epsilon of the normalisations of residual blocks.
    #[serde(serialize_with = "number")]
    pub norm_eps: f64,
    /// Numbers per token of the context.
    pub cross_attention_dim: PerLevel<usize>,
    /// Transformer blocks in each transformer.
    pub transformer_layers_per_block: PerLevel<usize>,
    /// The same for the way up, the smallest picture first, where it differs from the way down.
    pub reverse_transformer_layers_per_block: Option<Vec<usize>>,
    /// Numbers per token before `encoder_hid_dim_type`.
    pub encoder_hid_dim: Option<usize>,
    /// What happens to the context first; a linear map where `encoder_hid_dim` is given.
    pub encoder_hid_dim_type: Option<EncoderHidDimType>,
    /// The number of heads: the key is misnamed.
    pub attention_head_dim: PerLevel<usize>,
    /// Refused: diffusers refuses it, too.
    pub num_attention_heads: Option<Value>,
    /// Whether pixels become tokens by linear maps instead of convolutions.
    pub use_linear_projection: bool,
    /// How labels enter; null means by a table where `num_class_embeds` is given.
    pub class_embed_type: Option<ClassEmbedType>,
    /// What else is added to the embedding of the time.
    pub addition_embed_type: Option<AdditionEmbedType>,
    /// Numbers in the embedding of each of the six sizes.
    pub addition_time_embed_dim: Option<usize>,
    /// Rows of the class table.
    pub num_class_embeds: Option<usize>,
    /// Whether attention scores are computed in single precision, as they always are here.
    pub upcast_attention: Option<bool>,
    /// How the time enters residual blocks.
    pub resnet_time_scale_shift: TimeShift,
    /// Numbers in the time embedding; four times the first block's channels where not given.
    pub time_embedding_dim: Option<usize>,
    /// Non-linearity after all embeddings are added.
    pub time_embedding_act_fn: Option<Activation>,
    /// Non-linearity after the time embedding's perceptron.
    pub timestep_post_act: Option<Activation>,
    /// Numbers in the condition of the time embedding.
    pub time_cond_proj_dim: Option<usize>,
    /// Side of the first convolution.
    pub conv_in_kernel: usize,
    /// Side of the last convolution.
    pub conv_out_kernel: usize,
    /// Numbers in the vector of `class_embed_type` `projection`, or of `addition_embed_type`.
    pub projection_class_embeddings_input_dim: Option<usize>,
    /// Whether the class embedding is joined to the time's instead of added.
    pub class_embeddings_concat: bool,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for UNet2DConditionConfig {
    fn default() -> Self {
        let (down, up) = (Down::CrossAttnDownBlock2D, Up::CrossAttnUpBlock2D);
        Self {
            sample_size: None,
            in_channels: 4,
            out_channels: 4,
            center_input_sample: false,
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            down_block_types: vec![down, down, down, Down::DownBlock2D],
            mid_block_type: Some(MidBlockType::UNetMidBlock2DCrossAttn),
            up_block_types: vec![Up::UpBlock2D, up, up, up],
            only_cross_attention: PerLevel::All(false),
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: PerLevel::All(2),
            downsample_padding: 1,
            mid_block_scale_factor: 1.0,
            dropout: 0.0,
            act_fn: Activation::Silu,
            norm_num_groups: Some(32),
            norm_eps: 1e-5,
            cross_attention_dim: PerLevel::All(1280),
            transformer_layers_per_block: PerLevel::All(1),
            reverse_transformer_layers_per_block: None,
            encoder_hid_dim: None,
            encoder_hid_dim_type: None,
            attention_head_dim: PerLevel::All(8),
            num_attention_heads: None,
            use_linear_projection: false,
            class_embed_type: None,
            addition_embed_type: None,
            addition_time_embed_dim: None,
            num_class_embeds: None,
            upcast_attention: Some(false),
            resnet_time_scale_shift: TimeShift::Default,
            time_embedding_dim: None,
            time_embedding_act_fn: None,
            timestep_post_act: None,
            time_cond_proj_dim: None,
            conv_in_kernel: 3,
            conv_out_kernel: 3,
            projection_class_embeddings_input_dim: None,
            class_embeddings_concat: false,
            other: Map::new(),
        }
    }
}

/// Keys that other families set, with the values that mean nothing, for [`check`](UNet2DConditionConfig::check).
pub(super) const IDLE: &[(&str, &str)] = &[
    ("dual_cross_attention", "false"),
    ("resnet_skip_time_act", "false"),
    ("resnet_out_scale_factor", "1"),
    ("time_embedding_type", "\"positional\""),
    ("attention_type", "\"default\""),
    ("mid_block_only_cross_attention", "null"),
    ("cross_attention_norm", "null"),
    ("addition_embed_type_num_heads", "64"),
];

impl UNet2DConditionConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "UNet2DConditionModel";

    /// Numbers in the time embedding.
    pub fn time_dim(&self) -> usize {
        // Python's `or`: zero counts as not given.
        self.time_embedding_dim.filter(|&d| d > 0).unwrap_or(4 * self.block_out_channels[0])
    }

    /// Numbers per token of the context as the caller gives it.
    pub fn context_dim(&self) -> usize {
        match (&self.cross_attention_dim, self.encoder_hid_dim) {
            (_, Some(dim)) => dim,
            (PerLevel::All(dim), None) => *dim,
            (PerLevel::Each(dims), None) => dims.first().copied().unwrap_or(0),
        }
    }
}

impl Configuration for UNet2DConditionConfig {
    type Network = UNet2DConditionModel;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<UNet2DConditionModel, Error> {
        self.check()?;
        UNet2DConditionModel::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        let known = |key: &str| key.starts_with('_') || IDLE.iter().any(|(idle, _)| *idle == key);
        self.other.keys().filter(|key| !known(key)).cloned().collect()
    }
}
