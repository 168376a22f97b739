//! Configuration of [`VQModel`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::model::VQModel;
use crate::autoencoder_kl::{
    CoderSpec, DownEncoderBlockType as Down, UpDecoderBlockType as Up, range,
};
use crate::config_json::{self, any_case, number};
use crate::layer::{Activation, attention};
use crate::{Configuration, Error, Init, SampleSize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the decoder normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NormType {
    /// By groups.
    Group,
    /// By groups and the latents (MoVQ).
    Spatial,
}

/// Everything that fixes the shape and the arithmetic of a [`VQModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VQModelConfig {
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
    /// Channels between the coders and the 1×1 convolutions around the codebook.
    pub latent_channels: usize,
    /// Size of the pictures that the network was trained on, a note.
    pub sample_size: Option<SampleSize>,
    /// Vectors in the codebook.
    pub num_vq_embeddings: usize,
    /// Groups of the normalisations.
    pub norm_num_groups: usize,
    /// Numbers in a vector of the codebook; null means `latent_channels`.
    pub vq_embed_dim: Option<usize>,
    /// Latents are multiplied by this for a diffusion model.
    #[serde(serialize_with = "number")]
    pub scaling_factor: f64,
    /// How the decoder normalises.
    pub norm_type: NormType,
    /// Whether the blocks in the middle have attention.
    pub mid_block_add_attention: bool,
    /// Whether pipelines decode from indices into the codebook; see [`VQModel::decode_codes`].
    pub lookup_from_codebook: bool,
    /// Whether half precision is too coarse for this network; everything here computes in single precision.
    pub force_upcast: bool,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for VQModelConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            down_block_types: vec![Down::DownEncoderBlock2D],
            up_block_types: vec![Up::UpDecoderBlock2D],
            block_out_channels: vec![64],
            layers_per_block: 1,
            act_fn: Activation::Silu,
            latent_channels: 3,
            sample_size: Some(SampleSize::Side(32)),
            num_vq_embeddings: 256,
            norm_num_groups: 32,
            vq_embed_dim: None,
            scaling_factor: 0.18215,
            norm_type: NormType::Group,
            mid_block_add_attention: true,
            lookup_from_codebook: false,
            force_upcast: false,
            other: Map::new(),
        }
    }
}

impl VQModelConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "VQModel";

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("in_channels", self.in_channels, 4096)?;
        range("out_channels", self.out_channels, 4096)?;
        range("latent_channels", self.latent_channels, 4096)?;
        range("num_vq_embeddings", self.num_vq_embeddings, 1 << 20)?;
        range("vq_embed_dim", self.embed_dim(), 4096)?;
        self.spec().check(self.down_block_types.len(), self.up_block_types.len())?;
        if self.norm_type == NormType::Spatial && self.embed_dim() != self.latent_channels {
            let expected = format!(
                "{}, the latent_channels, which steer the normalisation,",
                self.latent_channels
            );
            return Err(Error::config("vq_embed_dim", &self.vq_embed_dim, expected));
        }
        if self.norm_type == NormType::Spatial
            && self.block_out_channels.iter().any(|c| !c.is_multiple_of(32))
        {
            let expected = "multiples of 32 where norm_type is \"spatial\"";
            return Err(Error::config("block_out_channels", &self.block_out_channels, expected));
        }
        Ok(())
    }

    /// Numbers in a vector of the codebook.
    pub fn embed_dim(&self) -> usize {
        self.vq_embed_dim.unwrap_or(self.latent_channels)
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
            steering: (self.norm_type == NormType::Spatial).then_some(self.latent_channels),
        }
    }
}

impl Configuration for VQModelConfig {
    type Network = VQModel;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<VQModel, Error> {
        self.check()?;
        VQModel::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }

    fn older_name(name: &str) -> Option<String> {
        attention::older_name(name)
    }
}
