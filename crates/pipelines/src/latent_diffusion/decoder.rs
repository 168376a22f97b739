//! From latents to pictures, by either kind of autoencoder.

use burn::tensor::{Device, Tensor};
use langevin_nn::{AutoencoderKL, AutoencoderKLConfig, VQModel, VQModelConfig};
use langevin_weights::folder::Component;

use crate::{Result, class_of, load};

/// An autoencoder, of which only the way back is used.
#[derive(Debug)]
pub(super) enum Decoder {
    /// With latents of a normal distribution.
    Kl(Box<AutoencoderKL>),
    /// With latents of a codebook.
    Vq(Box<VQModel>),
}

impl Decoder {
    pub(super) fn load(component: &Component, device: &Device) -> Result<Self> {
        Ok(match class_of(component) {
            Some("VQModel") => Self::Vq(Box::new(load::<VQModelConfig>(component, device)?.1)),
            _ => Self::Kl(Box::new(load::<AutoencoderKLConfig>(component, device)?.1)),
        })
    }

    /// Channels of the latents.
    pub(super) fn channels(&self) -> usize {
        match self {
            Self::Kl(network) => network.config().latent_channels,
            Self::Vq(network) => network.config().embed_dim(),
        }
    }

    /// Maps what diffusion ends with, `[N, C, h, w]`, to pictures `[N, out, H, W]` of about −1 to 1.
    ///
    /// Mean and shift of the latents, where an autoencoder has them, are not used by these pipelines.
    pub(super) fn picture(&self, latents: Tensor<4>) -> Result<Tensor<4>> {
        Ok(match self {
            Self::Kl(network) => network.decode(latents / network.config().scaling_factor)?,
            Self::Vq(network) => network.decode(latents / network.config().scaling_factor)?,
        })
    }
}
