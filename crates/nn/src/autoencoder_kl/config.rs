//! Configuration of [`AutoencoderKL`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::coder_spec::{CoderSpec, range};
use super::kinds::{DownEncoderBlockType as Down, UpDecoderBlockType as Up};
use super::model::AutoencoderKL;
use crate::config_json::{self, any_case, number};
use crate::layer::{Activation, attention};
use crate::{Configuration, Error, Init, SampleSize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of an [`AutoencoderKL`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoencoderKLConfig {
    /// Channels of a picture to encode.
    pub in_channels: usize,
    /// Channels of a decoded picture.
    pub out_channels: usize,
    /// Blocks of the encoder, the largest picture first.
    pub down_block_types: Vec<Down>,
    /// Blocks of the decoder, the smallest picture first.
    pub up_block_types: Vec<Up>,
    /// Channels of each size, the largest picture first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks per block of the encoder; the decoder has one more in each.
    pub layers_per_block: usize,
    /// The non-linearity of residual blocks.
    #[serde(deserialize_with = "any_case")]
    pub act_fn: Activation,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// Groups of the normalisations.
    pub norm_num_groups: usize,
    /// Size of the pictures that the network was trained on: a note, but for the size of tiles.
    pub sample_size: SampleSize,
    /// Latents are multiplied by this for a diffusion model.
    #[serde(serialize_with = "number")]
    pub scaling_factor: f64,
    /// Subtracted from latents before they are scaled for a diffusion model.
    pub shift_factor: Option<f64>,
    /// Mean of the latents of each channel, over which a diffusion model's latents are centred.
    pub latents_mean: Option<Vec<f64>>,
    /// Standard deviation of the latents of each channel, by which a diffusion model's latents are divided.
    pub latents_std: Option<Vec<f64>>,
    /// Whether half precision is too coarse for this network; everything here computes in single precision.
    pub force_upcast: bool,
    /// Whether a 1×1 convolution follows the encoder.
    pub use_quant_conv: bool,
    /// Whether a 1×1 convolution precedes the decoder.
    pub use_post_quant_conv: bool,
    /// Whether the blocks in the middle have attention.
    pub mid_block_add_attention: bool,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for AutoencoderKLConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            down_block_types: vec![Down::DownEncoderBlock2D],
            up_block_types: vec![Up::UpDecoderBlock2D],
            block_out_channels: vec![64],
            layers_per_block: 1,
            act_fn: Activation::Silu,
            latent_channels: 4,
            norm_num_groups: 32,
            sample_size: SampleSize::Side(32),
            scaling_factor: 0.18215,
            shift_factor: None,
            latents_mean: None,
            latents_std: None,
            force_upcast: true,
            use_quant_conv: true,
            use_post_quant_conv: true,
            mid_block_add_attention: true,
            other: Map::new(),
        }
    }
}

impl AutoencoderKLConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "AutoencoderKL";

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("in_channels", self.in_channels, 4096)?;
        range("out_channels", self.out_channels, 4096)?;
        range("latent_channels", self.latent_channels, 4096)?;
        self.spec().check(self.down_block_types.len(), self.up_block_types.len())?;
        if self.scaling_factor == 0.0 || !self.scaling_factor.is_finite() {
            let expected = "a finite number other than 0";
            return Err(Error::config("scaling_factor", &self.scaling_factor, expected));
        }
        for (key, values) in
            [("latents_mean", &self.latents_mean), ("latents_std", &self.latents_std)]
        {
            if values.as_ref().is_some_and(|v| v.len() != self.latent_channels) {
                let expected =
                    format!("a list of {} numbers, one per channel", self.latent_channels);
                return Err(Error::config(key, values, expected));
            }
        }
        if self.latents_std.iter().flatten().any(|&std| std <= 0.0) {
            return Err(Error::config(
                "latents_std",
                &self.latents_std,
                "a list of numbers above 0",
            ));
        }
        Ok(())
    }

    /// How many times smaller than a picture its latents are.
    pub fn reduction(&self) -> usize {
        1 << (self.block_out_channels.len() - 1)
    }

    /// What all blocks share.
    pub(super) fn spec(&self) -> CoderSpec<'_> {
        CoderSpec {
            block_out_channels: &self.block_out_channels,
            layers_per_block: self.layers_per_block,
            norm_num_groups: self.norm_num_groups,
            act_fn: self.act_fn,
            mid_block_add_attention: self.mid_block_add_attention,
            steering: None,
        }
    }
}

impl Configuration for AutoencoderKLConfig {
    type Network = AutoencoderKL;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<AutoencoderKL, Error> {
        self.check()?;
        AutoencoderKL::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }

    fn older_name(name: &str) -> Option<String> {
        attention::older_name(name)
    }
}
