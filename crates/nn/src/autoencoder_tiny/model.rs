//! The network: its parts, encoding and decoding.

use super::coders::TinyCoder;
use super::config::AutoencoderTinyConfig;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct AutoencoderTiny {
    /// From pictures to latents.
    pub encoder: TinyCoder,
    /// From latents to pictures.
    pub decoder: TinyCoder,
    #[module(skip)]
    config: AutoencoderTinyConfig,
}

impl AutoencoderTiny {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &AutoencoderTinyConfig) -> Self {
        Self {
            encoder: TinyCoder::encoder(init, config),
            decoder: TinyCoder::decoder(init, config),
            config: config.clone(),
        }
    }

    /// What the network was built from.
    pub fn config(&self) -> &AutoencoderTinyConfig {
        &self.config
    }

    /// Maps pictures `sample [N, in_channels, H, W]` in [−1, 1] to latents `[N, latent_channels, H/2ᵏ, W/2ᵏ]`, rounded up
    /// at each of the k halvings.
    ///
    /// # Errors
    /// [`Error::Input`] when the pictures have other channels or are empty.
    pub fn encode(&self, sample: Tensor<4>) -> Result<Tensor<4>, Error> {
        check("sample", sample.dims(), self.config.in_channels)?;
        // The layers see pictures in [0, 1].
        Ok(self.encoder.forward((sample + 1.0) / 2.0))
    }

    /// Maps `latents [N, latent_channels, h, w]` to pictures `[N, out_channels, H, W]` of about [−1, 1], each side
    /// `upsampling_scaling_factor` times larger for each stage but the last. Latents enter as `3 · tanh(z/3)`.
    ///
    /// # Errors
    /// [`Error::Input`] when the latents have other channels or are empty.
    pub fn decode(&self, latents: Tensor<4>) -> Result<Tensor<4>, Error> {
        check("latents", latents.dims(), self.config.latent_channels)?;
        let z = (latents / 3.0).tanh() * 3.0;
        Ok(self.decoder.forward(z) * 2.0 - 1.0)
    }

    /// Maps latents to [0, 1], for storing them as the bytes of a picture: `z / (2 · magnitude) + shift`, clamped.
    pub fn scale_latents(&self, latents: Tensor<4>) -> Tensor<4> {
        (latents / (2.0 * self.config.latent_magnitude) + self.config.latent_shift).clamp(0.0, 1.0)
    }

    /// Maps [0, 1] back to latents, the inverse of [`AutoencoderTiny::scale_latents`] but for the clamp.
    pub fn unscale_latents(&self, scaled: Tensor<4>) -> Tensor<4> {
        (scaled - self.config.latent_shift) * (2.0 * self.config.latent_magnitude)
    }
}

fn check(name: &'static str, shape: [usize; 4], channels: usize) -> Result<(), Error> {
    if shape[1] == channels && !shape.contains(&0) {
        return Ok(());
    }
    let expected = format!("[N, {channels}, H, W]");
    Err(Error::Input { name, found: format!("of shape {shape:?}"), expected })
}
