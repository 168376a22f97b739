//! The network: its parts, encoding and decoding.

use super::config::{NormType, VQModelConfig};
use super::vector_quantizer::VectorQuantizer;
use crate::autoencoder_kl::{Decoder, Encoder};
use crate::layer::Conv2d;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct VQModel {
    /// From pictures to latents.
    pub encoder: Encoder,
    /// 1×1 convolution from the encoder to vectors like the codebook's.
    pub quant_conv: Conv2d,
    /// The codebook.
    pub quantize: VectorQuantizer,
    /// 1×1 convolution from vectors of the codebook to the decoder.
    pub post_quant_conv: Conv2d,
    /// From latents to pictures.
    pub decoder: Decoder,
    #[module(skip)]
    config: VQModelConfig,
}

impl VQModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &VQModelConfig) -> Result<Self, Error> {
        let (spec, latents, dim) = (config.spec(), config.latent_channels, config.embed_dim());
        let encoded = [config.in_channels, latents];
        let decoded = [latents, config.out_channels];
        Ok(Self {
            encoder: Encoder::new(init, spec, &config.down_block_types, encoded)?,
            quant_conv: Conv2d::pointwise(init, latents, dim),
            quantize: VectorQuantizer::new(init, config.num_vq_embeddings, dim),
            post_quant_conv: Conv2d::pointwise(init, dim, latents),
            decoder: Decoder::new(init, spec, &config.up_block_types, decoded)?,
            config: config.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &VQModelConfig {
        &self.config
    }

    /// Maps pictures `sample [N, in_channels, H, W]` in [−1, 1] to latents `[N, embed_dim, H/2ᵏ, W/2ᵏ]`, rounded down at
    /// each of the k halvings, and not yet rounded to the codebook.
    ///
    /// # Errors
    /// [`Error::Input`] when the pictures have other channels or are too small to halve.
    pub fn encode(&self, sample: Tensor<4>) -> Result<Tensor<4>, Error> {
        let ([n, c, h, w], least) = (sample.dims(), self.config.reduction());
        let channels = self.config.in_channels;
        if n == 0 || c != channels || h < least || w < least {
            return Err(Error::Input {
                name: "sample",
                found: format!("of shape {:?}", sample.dims()),
                expected: format!("[N, {channels}, H, W] with sides of at least {least}"),
            });
        }
        Ok(self.quant_conv.forward(self.encoder.forward(sample)))
    }

    /// Rounds `latents [N, embed_dim, h, w]` to the codebook and maps them to pictures `[N, out_channels, 2ᵏ·h, 2ᵏ·w]` of
    /// about [−1, 1].
    ///
    /// # Errors
    /// [`Error::Input`] when the latents have other channels or are empty.
    pub fn decode(&self, latents: Tensor<4>) -> Result<Tensor<4>, Error> {
        self.check_latents(latents.dims())?;
        Ok(self.picture(self.quantize.forward(latents)))
    }

    /// [`VQModel::decode`] of latents as they are, without the codebook (`force_not_quantize` of diffusers).
    ///
    /// # Errors
    /// As [`VQModel::decode`].
    pub fn decode_unrounded(&self, latents: Tensor<4>) -> Result<Tensor<4>, Error> {
        self.check_latents(latents.dims())?;
        Ok(self.picture(latents))
    }

    /// [`VQModel::decode`] of the codes with these indices `[N, h, w]`.
    ///
    /// # Errors
    /// [`Error::Input`] when there are none, or one has no code.
    pub fn decode_codes(&self, indices: Tensor<3, Int>) -> Result<Tensor<4>, Error> {
        let fail = |found: String, expected: String| {
            Err(Error::Input { name: "latents", found, expected })
        };
        let shape = indices.dims();
        if shape.contains(&0) {
            return fail(format!("of shape {shape:?}"), "[N, H, W] indices of codes".to_owned());
        }
        let codes = self.config.num_vq_embeddings;
        let values = indices.clone().into_data().try_into_vec_as::<i64>().unwrap_or_default();
        match values.into_iter().find(|&i| i < 0 || i >= codes as i64) {
            Some(bad) => fail(bad.to_string(), format!("an index from 0 to {}", codes - 1)),
            None => Ok(self.picture(self.quantize.codes(indices))),
        }
    }

    fn picture(&self, latents: Tensor<4>) -> Tensor<4> {
        let steering = (self.config.norm_type == NormType::Spatial).then(|| latents.clone());
        self.decoder.forward(self.post_quant_conv.forward(latents), steering.as_ref())
    }

    fn check_latents(&self, shape: [usize; 4]) -> Result<(), Error> {
        let channels = self.config.embed_dim();
        if shape[1] == channels && !shape.contains(&0) {
            return Ok(());
        }
        Err(Error::Input {
            name: "latents",
            found: format!("of shape {shape:?}"),
            expected: format!("[N, {channels}, H, W]"),
        })
    }
}
