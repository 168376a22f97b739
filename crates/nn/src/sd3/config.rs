//! Configuration of [`SD3Transformer2DModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::model::SD3Transformer2DModel;
use crate::config_json;
use crate::transformer::{QkNormType, check};
use crate::{Configuration, Error, Init};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`SD3Transformer2DModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SD3Config {
    /// Side of the pictures that the network was made for, which fixes how places are spread.
    pub sample_size: usize,
    /// Pixels along the side of a token's square.
    pub patch_size: usize,
    /// Channels in.
    pub in_channels: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Numbers per head.
    pub attention_head_dim: usize,
    /// Number of heads.
    pub num_attention_heads: usize,
    /// Numbers in the embedding of a word.
    pub joint_attention_dim: usize,
    /// Channels of the text's tokens, which must be those of the picture's.
    pub caption_projection_dim: usize,
    /// Numbers in the pooled embedding of the text.
    pub pooled_projection_dim: usize,
    /// Channels out, as many as in for null.
    pub out_channels: Option<usize>,
    /// Tokens along the side of the stored embeddings of places, of which a picture takes the middle; null means that they
    /// are computed for each size.
    pub pos_embed_max_size: Option<usize>,
    /// Blocks, counted from 0, in which the picture's tokens also attend among themselves.
    pub dual_attention_layers: Vec<usize>,
    /// Normalisation of queries and keys.
    pub qk_norm: Option<QkNormType>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for SD3Config {
    fn default() -> Self {
        Self {
            sample_size: 128,
            patch_size: 2,
            in_channels: 16,
            num_layers: 18,
            attention_head_dim: 64,
            num_attention_heads: 18,
            joint_attention_dim: 4096,
            caption_projection_dim: 1152,
            pooled_projection_dim: 2048,
            out_channels: Some(16),
            pos_embed_max_size: Some(96),
            dual_attention_layers: Vec::new(),
            qk_norm: None,
            other: Map::new(),
        }
    }
}

impl SD3Config {
    /// Channels of a token.
    pub fn dim(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Channels out.
    pub fn outputs(&self) -> usize {
        self.out_channels.unwrap_or(self.in_channels)
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
        check::range("patch_size", self.patch_size, 1, 256)?;
        check::range("sample_size", self.sample_size, self.patch_size, 1 << 16)?;
        check::range("in_channels", self.in_channels, 1, 4096)?;
        check::range("out_channels", self.outputs(), 1, 8192)?;
        check::range("num_layers", self.num_layers, 1, 1024)?;
        check::range("joint_attention_dim", self.joint_attention_dim, 1, 1 << 16)?;
        check::range("pooled_projection_dim", self.pooled_projection_dim, 1, 1 << 16)?;
        let side = self.pos_embed_max_size.unwrap_or(1);
        check::range("pos_embed_max_size", side, 1, 1 << 14)?;
        if self.caption_projection_dim != dim {
            let expected = format!("{dim}, num_attention_heads times attention_head_dim");
            let found = self.caption_projection_dim;
            return Err(Error::config("caption_projection_dim", &found, expected));
        }
        let (wide, squares) = (dim as f64, (self.patch_size * self.patch_size) as f64);
        let text = (self.joint_attention_dim + self.pooled_projection_dim + 256) as f64;
        let places = (side as f64).powi(2);
        let channels = (self.in_channels + self.outputs()) as f64;
        let ends = wide * (4.0 * wide + text + places + squares * channels);
        let dual = 7.0 * self.dual_attention_layers.len().min(self.num_layers) as f64;
        let blocks = wide * wide * (36.0 * self.num_layers as f64 + dual);
        check::parameters("num_layers", self.num_layers, blocks + ends)
    }
}

impl Configuration for SD3Config {
    type Network = SD3Transformer2DModel;

    const CLASS_NAMES: &'static [&'static str] = &["SD3Transformer2DModel"];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<SD3Transformer2DModel, Error> {
        self.check()?;
        Ok(SD3Transformer2DModel::new(init, self))
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }
}
