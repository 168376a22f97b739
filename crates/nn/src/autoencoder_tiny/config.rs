//! Configuration of [`AutoencoderTiny`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::model::AutoencoderTiny;
use crate::autoencoder_kl::range;
use crate::config_json::{self, any_case, number};
use crate::layer::Activation;
use crate::{Configuration, Error, Init};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the decoder enlarges pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpsampleKind {
    /// Each pixel is repeated.
    #[serde(rename = "nearest", alias = "nearest-exact")]
    Nearest,
}

/// Everything that fixes the shape and the arithmetic of an [`AutoencoderTiny`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoencoderTinyConfig {
    /// Channels of a picture to encode.
    pub in_channels: usize,
    /// Channels of a decoded picture.
    pub out_channels: usize,
    /// Channels of each stage of the encoder, all alike.
    pub encoder_block_out_channels: Vec<usize>,
    /// Channels of each stage of the decoder, all alike.
    pub decoder_block_out_channels: Vec<usize>,
    /// The non-linearity inside residual blocks; another follows each block, always ReLU.
    #[serde(deserialize_with = "any_case")]
    pub act_fn: Activation,
    /// How the decoder enlarges pictures.
    pub upsample_fn: UpsampleKind,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// How many times larger each stage of the decoder but the last makes a picture.
    pub upsampling_scaling_factor: usize,
    /// Residual blocks in each stage of the encoder.
    pub num_encoder_blocks: Vec<usize>,
    /// Residual blocks in each stage of the decoder.
    pub num_decoder_blocks: Vec<usize>,
    /// Half the width of the interval that latents are kept in when stored as bytes.
    #[serde(serialize_with = "number")]
    pub latent_magnitude: f64,
    /// Where zero lies when latents are stored as bytes.
    #[serde(serialize_with = "number")]
    pub latent_shift: f64,
    /// Whether half precision is too coarse for this network; everything here computes in single precision.
    pub force_upcast: bool,
    /// Latents are multiplied by this for a diffusion model.
    #[serde(serialize_with = "number")]
    pub scaling_factor: f64,
    /// Subtracted from latents before they are scaled for a diffusion model.
    #[serde(serialize_with = "number")]
    pub shift_factor: f64,
    /// A copy of `decoder_block_out_channels` that diffusers writes and does not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_out_channels: Option<Vec<usize>>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for AutoencoderTinyConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            encoder_block_out_channels: vec![64; 4],
            decoder_block_out_channels: vec![64; 4],
            act_fn: Activation::Relu,
            upsample_fn: UpsampleKind::Nearest,
            latent_channels: 4,
            upsampling_scaling_factor: 2,
            num_encoder_blocks: vec![1, 3, 3, 3],
            num_decoder_blocks: vec![3, 3, 3, 1],
            latent_magnitude: 3.0,
            latent_shift: 0.5,
            force_upcast: false,
            scaling_factor: 1.0,
            shift_factor: 0.0,
            block_out_channels: None,
            other: Map::new(),
        }
    }
}

impl AutoencoderTinyConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "AutoencoderTiny";

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("in_channels", self.in_channels, 4096)?;
        range("out_channels", self.out_channels, 4096)?;
        range("latent_channels", self.latent_channels, 4096)?;
        range("upsampling_scaling_factor", self.upsampling_scaling_factor, 16)?;
        let coders = [
            ("encoder", &self.encoder_block_out_channels, &self.num_encoder_blocks),
            ("decoder", &self.decoder_block_out_channels, &self.num_decoder_blocks),
        ];
        for (coder, widths, blocks) in coders {
            let key = format!("{coder}_block_out_channels");
            let (n, first) = (widths.len(), widths.first().copied().unwrap_or(0));
            if !(1..=16).contains(&n) || !(1..=4096).contains(&first) {
                return Err(Error::config(&key, widths, "1 to 16 numbers from 1 to 4096"));
            }
            if widths.iter().any(|&c| c != first) {
                let expected = "the same number throughout, since no layer changes the channels,";
                return Err(Error::config(&key, widths, expected));
            }
            if blocks.len() != n || blocks.iter().any(|&b| b > 64) {
                let expected = format!("{n} numbers up to 64, as many as {key}");
                return Err(Error::config(&format!("num_{coder}_blocks"), blocks, expected));
            }
        }
        if self.latent_magnitude == 0.0 || !self.latent_magnitude.is_finite() {
            let expected = "a finite number other than 0";
            return Err(Error::config("latent_magnitude", &self.latent_magnitude, expected));
        }
        Ok(())
    }
}

impl Configuration for AutoencoderTinyConfig {
    type Network = AutoencoderTiny;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<AutoencoderTiny, Error> {
        self.check()?;
        Ok(AutoencoderTiny::new(init, self))
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }
}
