//! Configuration of [`FluxTransformer2DModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::model::FluxTransformer2DModel;
use crate::config_json;
use crate::transformer::check;
use crate::{Configuration, Error, Init};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`FluxTransformer2DModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FluxConfig {
    /// The output has `patch_size²` times the channels out.
    pub patch_size: usize,
    /// Channels of a token in.
    pub in_channels: usize,
    /// Channels out, as many as in for null.
    pub out_channels: Option<usize>,
    /// Blocks in which picture and text have weights of their own.
    pub num_layers: usize,
    /// Blocks in which they share all weights, after the others.
    pub num_single_layers: usize,
    /// Numbers per head.
    pub attention_head_dim: usize,
    /// Number of heads.
    pub num_attention_heads: usize,
    /// Numbers in the embedding of a word.
    pub joint_attention_dim: usize,
    /// Numbers in the pooled embedding of the text.
    pub pooled_projection_dim: usize,
    /// Whether the guidance scale is an input, as in distilled networks.
    pub guidance_embeds: bool,
    /// Numbers of a head that each axis of a token's place turns.
    pub axes_dims_rope: Vec<usize>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for FluxConfig {
    fn default() -> Self {
        Self {
            patch_size: 1,
            in_channels: 64,
            out_channels: None,
            num_layers: 19,
            num_single_layers: 38,
            attention_head_dim: 128,
            num_attention_heads: 24,
            joint_attention_dim: 4096,
            pooled_projection_dim: 768,
            guidance_embeds: false,
            axes_dims_rope: vec![16, 56, 56],
            other: Map::new(),
        }
    }
}

impl FluxConfig {
    /// Channels of a token inside the network.
    pub fn dim(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Channels of a token out.
    pub fn outputs(&self) -> usize {
        // Python's `or`: zero counts as not given.
        let channels = self.out_channels.filter(|&c| c > 0).unwrap_or(self.in_channels);
        self.patch_size * self.patch_size * channels
    }

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        let dim = check::heads(self.num_attention_heads, self.attention_head_dim)?;
        check::range("patch_size", self.patch_size, 1, 64)?;
        check::range("in_channels", self.in_channels, 1, 1 << 16)?;
        check::range("out_channels", self.out_channels.unwrap_or(0), 0, 1 << 16)?;
        check::range("num_layers", self.num_layers, 0, 1024)?;
        check::range("num_single_layers", self.num_single_layers, 0, 1024)?;
        check::range("joint_attention_dim", self.joint_attention_dim, 1, 1 << 16)?;
        check::range("pooled_projection_dim", self.pooled_projection_dim, 1, 1 << 16)?;
        let axes = &self.axes_dims_rope;
        let sum = axes.iter().fold(0_usize, |sum, &axis| sum.saturating_add(axis));
        if sum != self.attention_head_dim || axes.iter().any(|axis| !axis.is_multiple_of(2)) {
            let head = self.attention_head_dim;
            let expected = format!("even numbers whose sum is {head}, the attention_head_dim");
            return Err(Error::config("axes_dims_rope", axes, expected));
        }
        let wide = dim as f64;
        let ends = self.in_channels + self.joint_attention_dim + self.pooled_projection_dim;
        let ends = wide * (8.0 * wide + (ends + self.outputs() + 512) as f64);
        let [double, single] = [self.num_layers, self.num_single_layers].map(|n| n as f64);
        let blocks = wide * wide * (36.0 * double + 15.0 * single);
        check::parameters("num_layers", self.num_layers, blocks + ends)
    }
}

impl Configuration for FluxConfig {
    type Network = FluxTransformer2DModel;

    const CLASS_NAMES: &'static [&'static str] = &["FluxTransformer2DModel"];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<FluxTransformer2DModel, Error> {
        self.check()?;
        Ok(FluxTransformer2DModel::new(init, self))
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }
}
