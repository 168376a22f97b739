//! The network: its parts, encoding and decoding.

use super::config::AutoencoderKLConfig;
use super::decoder::Decoder;
use super::encoder::Encoder;
use super::posterior::Posterior;
use crate::layer::Conv2d;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// From this many pixels on the pictures of a batch are coded one after the other: each fills the machine alone.
const PIXELS_ALONE: usize = 128 * 128;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct AutoencoderKL {
    /// From pictures to moments of latents.
    pub encoder: Encoder,
    /// From latents to pictures.
    pub decoder: Decoder,
    /// 1×1 convolution of the moments.
    pub quant_conv: Option<Conv2d>,
    /// 1×1 convolution of the latents.
    pub post_quant_conv: Option<Conv2d>,
    #[module(skip)]
    config: AutoencoderKLConfig,
}

impl AutoencoderKL {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &AutoencoderKLConfig) -> Result<Self, Error> {
        let (spec, latents) = (config.spec(), config.latent_channels);
        let encoded = [config.in_channels, 2 * latents];
        let decoded = [latents, config.out_channels];
        Ok(Self {
            encoder: Encoder::new(init, spec, &config.down_block_types, encoded)?,
            decoder: Decoder::new(init, spec, &config.up_block_types, decoded)?,
            quant_conv: config
                .use_quant_conv
                .then(|| Conv2d::pointwise(init, 2 * latents, 2 * latents)),
            post_quant_conv: config
                .use_post_quant_conv
                .then(|| Conv2d::pointwise(init, latents, latents)),
            config: config.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &AutoencoderKLConfig {
        &self.config
    }

    /// Maps pictures `sample [N, in_channels, H, W]` in [−1, 1] to the distribution of their latents
    /// `[N, latent_channels, H/2ᵏ, W/2ᵏ]`, rounded down at each of the k halvings.
    ///
    /// # Errors
    /// [`Error::Input`] when the pictures have other channels or are too small to halve.
    pub fn encode(&self, sample: Tensor<4>) -> Result<Posterior, Error> {
        self.check_sample(sample.dims())?;
        let [_, _, h, w] = sample.dims();
        Ok(Posterior::from_moments(batched(sample, h * w, &|x| self.moments(x))))
    }

    /// Maps `latents [N, latent_channels, h, w]`, not scaled for a diffusion model, to pictures
    /// `[N, out_channels, 2ᵏ·h, 2ᵏ·w]` of about [−1, 1].
    ///
    /// # Errors
    /// [`Error::Input`] when the latents have other channels or are empty.
    pub fn decode(&self, latents: Tensor<4>) -> Result<Tensor<4>, Error> {
        self.check_latents(latents.dims())?;
        let [_, _, h, w] = latents.dims();
        let pixels = h * w * self.config.reduction().pow(2);
        Ok(batched(latents, pixels, &|z| self.picture(z)))
    }

    /// The moments of `sample`, means before logarithms of variances.
    pub(super) fn moments(&self, sample: Tensor<4>) -> Tensor<4> {
        let moments = self.encoder.forward(sample);
        match &self.quant_conv {
            Some(conv) => conv.forward(moments),
            None => moments,
        }
    }

    /// The pictures of `latents`.
    pub(super) fn picture(&self, latents: Tensor<4>) -> Tensor<4> {
        let z = match &self.post_quant_conv {
            Some(conv) => conv.forward(latents),
            None => latents,
        };
        self.decoder.forward(z, None)
    }

    /// Tells whether [`AutoencoderKL::encode`] accepts pictures of this shape.
    ///
    /// # Errors
    /// [`Error::Input`] says what was expected.
    pub fn check_sample(&self, shape: [usize; 4]) -> Result<(), Error> {
        let ([n, c, h, w], least) = (shape, self.config.reduction());
        let channels = self.config.in_channels;
        if n > 0 && c == channels && h >= least && w >= least {
            return Ok(());
        }
        Err(Error::Input {
            name: "sample",
            found: format!("of shape {shape:?}"),
            expected: format!("[N, {channels}, H, W] with sides of at least {least}"),
        })
    }

    /// Tells whether [`AutoencoderKL::decode`] accepts latents of this shape.
    ///
    /// # Errors
    /// [`Error::Input`] says what was expected.
    pub fn check_latents(&self, shape: [usize; 4]) -> Result<(), Error> {
        let channels = self.config.latent_channels;
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

/// Maps the whole batch at once, or, where a picture has many pixels, one picture after the other.
fn batched(x: Tensor<4>, pixels: usize, map: &dyn Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let n = x.dims()[0];
    if n == 1 || pixels < PIXELS_ALONE {
        return map(x);
    }
    Tensor::cat((0..n).map(|i| map(x.clone().narrow(0, i, 1))).collect(), 0)
}
