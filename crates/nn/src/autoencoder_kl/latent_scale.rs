//! The latents that a diffusion model sees: those of the autoencoder, shifted and scaled to about unit variance (Rombach
//! et al. 2022, section G; per channel in later models).

use super::config::AutoencoderKLConfig;
use burn::tensor::{Tensor, TensorData};

impl AutoencoderKLConfig {
    /// From latents `[N, latent_channels, h, w]` of the encoder to those of the diffusion model: `(z − shift) · scale`.
    ///
    /// With `latents_mean` and `latents_std` these are, per channel, `(z − mean) · scaling_factor / std`.
    pub fn to_diffusion(&self, latents: Tensor<4>) -> Tensor<4> {
        match (
            self.per_channel(&self.latents_mean, &latents),
            self.per_channel(&self.latents_std, &latents),
        ) {
            (Some(mean), Some(std)) => (latents - mean) * self.scaling_factor / std,
            _ => match self.shift_factor {
                Some(shift) => (latents - shift) * self.scaling_factor,
                None => latents * self.scaling_factor,
            },
        }
    }

    /// The inverse of [`AutoencoderKLConfig::to_diffusion`]: latents for the decoder.
    pub fn from_diffusion(&self, latents: Tensor<4>) -> Tensor<4> {
        match (
            self.per_channel(&self.latents_mean, &latents),
            self.per_channel(&self.latents_std, &latents),
        ) {
            (Some(mean), Some(std)) => latents * std / self.scaling_factor + mean,
            _ => match self.shift_factor {
                Some(shift) => latents / self.scaling_factor + shift,
                None => latents / self.scaling_factor,
            },
        }
    }

    /// One number per channel, `[1, C, 1, 1]`.
    fn per_channel(&self, values: &Option<Vec<f64>>, like: &Tensor<4>) -> Option<Tensor<4>> {
        let values: Vec<f32> = values.as_ref()?.iter().map(|&v| v as f32).collect();
        let shape = [1, values.len(), 1, 1];
        Some(Tensor::from_data(TensorData::new(values, shape), &like.device()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn there_and_back() {
        let device = Device::flex();
        let z = Tensor::<4>::from_floats([[[[1.0, -2.0]], [[0.5, 3.0]]]], &device);
        let base =
            AutoencoderKLConfig { latent_channels: 2, scaling_factor: 0.5, ..Default::default() };
        let shifted = AutoencoderKLConfig { shift_factor: Some(1.0), ..base.clone() };
        let by_channel = AutoencoderKLConfig {
            latents_mean: Some(vec![1.0, -1.0]),
            latents_std: Some(vec![2.0, 0.5]),
            ..base.clone()
        };
        let cases = [
            (base, [0.5, -1.0, 0.25, 1.5]),
            (shifted, [0.0, -1.5, -0.25, 1.0]),
            (by_channel, [0.0, -0.75, 1.5, 4.0]),
        ];
        for (config, expected) in cases {
            let scaled = config.to_diffusion(z.clone());
            assert_eq!(scaled.clone().into_data().try_to_vec::<f32>().unwrap(), expected);
            assert_eq!(config.from_diffusion(scaled).into_data(), z.to_data());
        }
    }
}
