//! Configuration of [`DiTTransformer2DModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::model::DiTTransformer2DModel;
use crate::config_json::{self, number};
use crate::transformer::{FeedForwardActivation, check};
use crate::{Configuration, Error, Init};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the class before diffusers 0.28, which also had kinds of other shapes.
const OLDER_CLASS: &str = "Transformer2DModel";

/// Keys of the older class that mean nothing here while they hold null, false or "default".
const UNUSED: [&str; 9] = [
    "cross_attention_dim",
    "num_vector_embeds",
    "use_linear_projection",
    "only_cross_attention",
    "double_self_attention",
    "attention_type",
    "caption_channels",
    "interpolation_scale",
    "use_additional_conditions",
];

/// How time and class enter a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormType {
    /// By shifts, scales and gates ("adaLN-Zero").
    #[default]
    AdaNormZero,
}

/// Everything that fixes the shape and the arithmetic of a [`DiTTransformer2DModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiTConfig {
    /// Number of heads.
    pub num_attention_heads: usize,
    /// Numbers per head.
    pub attention_head_dim: usize,
    /// Channels in.
    pub in_channels: usize,
    /// Channels out, as many as in where not given; twice as many where the variance is learned.
    pub out_channels: Option<usize>,
    /// Number of blocks.
    pub num_layers: usize,
    /// Probability of dropping an element, in training only; [`DiTTransformer2DModel::forward`] drops nothing.
    #[serde(serialize_with = "number")]
    pub dropout: f64,
    /// Unused by this class.
    pub norm_num_groups: Option<usize>,
    /// Whether the maps to queries, keys and values have an offset.
    pub attention_bias: bool,
    /// Side of the pictures that the network was made for; places in others are spread over the same range.
    pub sample_size: usize,
    /// Pixels along the side of a token's square.
    pub patch_size: usize,
    /// The non-linearity of feed-forward layers.
    pub activation_fn: FeedForwardActivation,
    /// Number of classes; the table has one row more, for no class.
    pub num_embeds_ada_norm: Option<usize>,
    /// Whether attention is computed in single precision, which it always is.
    pub upcast_attention: bool,
    /// How time and class enter a block.
    pub norm_type: NormType,
    /// Whether the normalisation before a feed-forward layer has parameters of its own.
    pub norm_elementwise_affine: bool,
    /// Epsilon of that normalisation.
    #[serde(serialize_with = "number")]
    pub norm_eps: f64,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for DiTConfig {
    fn default() -> Self {
        Self {
            num_attention_heads: 16,
            attention_head_dim: 72,
            in_channels: 4,
            out_channels: None,
            num_layers: 28,
            dropout: 0.0,
            norm_num_groups: Some(32),
            attention_bias: true,
            sample_size: 32,
            patch_size: 2,
            activation_fn: FeedForwardActivation::GeluApproximate,
            num_embeds_ada_norm: Some(1000),
            upcast_attention: false,
            norm_type: NormType::AdaNormZero,
            norm_elementwise_affine: false,
            norm_eps: 1e-5,
            other: Map::new(),
        }
    }
}

impl DiTConfig {
    /// Channels of a token.
    pub fn dim(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Channels out.
    pub fn outputs(&self) -> usize {
        self.out_channels.unwrap_or(self.in_channels)
    }

    /// Rows of the class table, the last of which stands for no class.
    pub fn class_rows(&self) -> usize {
        self.num_embeds_ada_norm.map_or(0, |classes| classes + 1)
    }

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        let dim = check::heads(self.num_attention_heads, self.attention_head_dim)?;
        if !dim.is_multiple_of(4) {
            let expected = format!(
                "a number that makes a multiple of 4 with {} heads, for rows and columns",
                self.num_attention_heads
            );
            return Err(Error::config("attention_head_dim", &self.attention_head_dim, expected));
        }
        check::range("in_channels", self.in_channels, 1, 4096)?;
        check::range("out_channels", self.outputs(), 1, 8192)?;
        check::range("num_layers", self.num_layers, 1, 1024)?;
        check::range("patch_size", self.patch_size, 1, 256)?;
        check::range("sample_size", self.sample_size, self.patch_size, 1 << 16)?;
        let Some(classes) = self.num_embeds_ada_norm else {
            return Err(Error::config("num_embeds_ada_norm", &(), "a number of classes"));
        };
        check::range("num_embeds_ada_norm", classes, 1, 1 << 24)?;
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::config("dropout", &self.dropout, "a probability from 0 to below 1"));
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(Error::config("norm_eps", &self.norm_eps, "a number between 0 and 1"));
        }
        let (wide, squares) = (dim as f64, (self.patch_size * self.patch_size) as f64);
        let block = wide * (23.0 * wide + 256.0 + classes as f64);
        let ends = wide * (2.0 * wide + squares * (self.in_channels + self.outputs()) as f64);
        check::parameters("num_layers", self.num_layers, block * self.num_layers as f64 + ends)
    }
}

impl Configuration for DiTConfig {
    type Network = DiTTransformer2DModel;

    const CLASS_NAMES: &'static [&'static str] = &["DiTTransformer2DModel", OLDER_CLASS];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let class = object.get("_class_name").and_then(Value::as_str);
        if class == Some(OLDER_CLASS) && !object.contains_key("norm_type") {
            let expected = "\"ada_norm_zero\", the kind of Transformer2DModel that is read,";
            return Err(Error::config("norm_type", &(), expected));
        }
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<DiTTransformer2DModel, Error> {
        self.check()?;
        Ok(DiTTransformer2DModel::new(init, self))
    }

    fn unknown_keys(&self) -> Vec<String> {
        let unused = |key: &str, value: &Value| {
            UNUSED.contains(&key)
                && (value.is_null() || value == &Value::Bool(false) || value == "default")
        };
        let known = |key: &str, value: &Value| key.starts_with('_') || unused(key, value);
        self.other.iter().filter(|(k, v)| !known(k, v)).map(|(k, _)| k.clone()).collect()
    }
}
