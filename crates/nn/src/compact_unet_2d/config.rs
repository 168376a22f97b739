//! Configuration of the compact U-Net.

use super::CompactUNet2D;
use crate::config_json::{self, number};
use crate::{Error, Init, SampleSize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape of a [`CompactUNet2D`]; missing keys take the defaults, about 0.7 million parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompactUNet2DConfig {
    /// Size of the pictures; others work too when they divide evenly.
    pub sample_size: Option<SampleSize>,
    /// Channels in.
    pub in_channels: usize,
    /// Channels out.
    pub out_channels: usize,
    /// Side of the squares that become channels at the entry; 1 for none.
    pub patch: usize,
    /// Channels of each level, the largest picture first; each further level halves the size.
    pub channels: Vec<usize>,
    /// Residual blocks of each level but the last, on the way down and again on the way up.
    pub blocks_per_level: usize,
    /// Residual blocks before and again after the attention of the last level.
    pub bottom_blocks: usize,
    /// Heads of the attention; 0 for no attention.
    pub attention_heads: usize,
    /// Numbers in the embedding of time and class.
    pub embedding_dim: usize,
    /// Numbers in the sinusoidal embedding of time.
    pub frequency_dim: usize,
    /// Groups of every normalisation.
    pub norm_num_groups: usize,
    /// Epsilon of every normalisation.
    #[serde(serialize_with = "number")]
    pub norm_eps: f64,
    /// Rows of the class table; `None` for a network without classes.
    pub num_class_embeds: Option<usize>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for CompactUNet2DConfig {
    fn default() -> Self {
        Self {
            sample_size: None,
            in_channels: 1,
            out_channels: 1,
            patch: 2,
            channels: vec![64, 96],
            blocks_per_level: 1,
            bottom_blocks: 1,
            attention_heads: 4,
            embedding_dim: 128,
            frequency_dim: 64,
            norm_num_groups: 8,
            norm_eps: 1e-5,
            num_class_embeds: None,
            other: Map::new(),
        }
    }
}

impl CompactUNet2DConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "LangevinCompactUNet2D";

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
    pub fn init(&self, init: &mut Init<'_>) -> Result<CompactUNet2D, Error> {
        self.check()?;
        CompactUNet2D::new(init, self)
    }

    /// Pixels that a side must be a multiple of.
    pub fn multiple(&self) -> usize {
        self.patch << (self.channels.len() - 1)
    }

    /// Checks that every number makes a network.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        let range = |key: &str, value: usize, low: usize, high: usize| match value {
            v if (low..=high).contains(&v) => Ok(()),
            _ => Err(Error::config(key, &value, format!("a number from {low} to {high}"))),
        };
        range("in_channels", self.in_channels, 1, 4096)?;
        range("out_channels", self.out_channels, 1, 4096)?;
        range("patch", self.patch, 1, 64)?;
        range("blocks_per_level", self.blocks_per_level, 1, 64)?;
        range("bottom_blocks", self.bottom_blocks, 1, 64)?;
        range("embedding_dim", self.embedding_dim, 1, 1 << 16)?;
        range("frequency_dim", self.frequency_dim, 2, 1 << 16)?;
        range("norm_num_groups", self.norm_num_groups, 1, 1 << 14)?;
        if let Some(rows) = self.num_class_embeds {
            range("num_class_embeds", rows, 1, 1 << 24)?;
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(Error::config("norm_eps", &self.norm_eps, "a number between 0 and 1"));
        }
        let groups = self.norm_num_groups;
        if !(1..=16).contains(&self.channels.len())
            || self
                .channels
                .iter()
                .any(|&c| !(1..=1 << 14).contains(&c) || !c.is_multiple_of(groups))
        {
            let expected =
                format!("1 to 16 multiples of norm_num_groups, {groups}, none above 16384");
            return Err(Error::config("channels", &self.channels, expected));
        }
        let bottom = self.channels[self.channels.len() - 1];
        if self.attention_heads > 0 && !bottom.is_multiple_of(self.attention_heads) {
            let expected = format!("0 or a divisor of {bottom}, the channels of the last level");
            return Err(Error::config("attention_heads", &self.attention_heads, expected));
        }
        let multiple = self.multiple();
        match self.sample_size {
            Some(size) if size.sides().iter().any(|&s| s == 0 || !s.is_multiple_of(multiple)) => {
                Err(Error::config(
                    "sample_size",
                    &size,
                    format!("sides that are multiples of {multiple}"),
                ))
            }
            _ => Ok(()),
        }
    }
}
