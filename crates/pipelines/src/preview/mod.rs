//! Pictures of latents while they are still being made, at a small part of the autoencoder's cost.

mod factors;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_nn::{AutoencoderTiny, AutoencoderTinyConfig};
use langevin_weights::folder::Component;

use crate::{Error, Result, load};

pub use factors::Latents;

/// A way to look at latents.
#[derive(Debug)]
pub enum Preview {
    /// A linear map of each latent to a pixel, `rgb = factorsᵀ · latent + offset`.
    Linear(Latents),
    /// A small autoencoder that was trained to do what the large one does.
    Tiny(Box<AutoencoderTiny>),
}

impl Preview {
    /// Opens the folder of an `AutoencoderTiny` that was made for latents of `channels` numbers.
    ///
    /// # Errors
    /// Where the class is another, the files are damaged, or the latents have another number of channels.
    pub fn tiny(component: &Component, channels: usize, device: &Device) -> Result<Self> {
        let (config, network) = load::<AutoencoderTinyConfig>(component, device)?;
        let known = config.latent_channels;
        if known != channels {
            let path = component.folder().to_owned();
            let reason = format!(
                "this small autoencoder is for latents of {known} channels, but the model's have {channels}"
            );
            return Err(Error::Addition { path, reason });
        }
        Ok(Self::Tiny(Box::new(network)))
    }

    /// The picture `[N, 3, H, W]`, about −1 to 1, of latents `[N, C, h, w]`.
    ///
    /// # Errors
    /// Where the latents have another number of channels.
    pub fn picture(&self, latents: &Tensor<4>) -> Result<Tensor<4>> {
        match self {
            Self::Tiny(network) => Ok(network.decode(latents.clone())?),
            Self::Linear(kind) => {
                let [n, c, h, w] = latents.dims();
                let (factors, offset) = kind.factors();
                if factors.len() != c {
                    return Err(Error::Value {
                        name: "the number of channels of the latents",
                        found: c.to_string(),
                        expected: format!("{}, whose colours are known", factors.len()),
                    });
                }
                let device = latents.device();
                let data = TensorData::new(factors.concat(), [c, 3]);
                let factors = Tensor::<2>::from_data(data, &device);
                let offset = Tensor::<1>::from_floats(offset, &device);
                let rows = latents.clone().permute([0, 2, 3, 1]).reshape([n * h * w, c]);
                let pixels = rows.matmul(factors) + offset.unsqueeze::<2>();
                Ok(pixels.reshape([n, h, w, 3]).permute([0, 3, 1, 2]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_latent_is_a_pixel() {
        let device = Device::flex();
        for kind in
            [Latents::StableDiffusion, Latents::Xl, Latents::StableDiffusion3, Latents::Flux]
        {
            let (factors, offset) = kind.factors();
            let c = factors.len();
            // One picture of 1 × 2: nothing, then the last channel alone.
            let values = (0..2 * c).map(|i| if i == 2 * c - 1 { 1.0 } else { 0.0 }).collect();
            let latents = Tensor::from_data(TensorData::new(values, [1, c, 1, 2]), &device);
            let picture = Preview::Linear(kind).picture(&latents).expect("a picture");
            assert_eq!(picture.dims(), [1, 3, 1, 2]);
            let found = picture.into_data().try_into_vec::<f32>().expect("numbers");
            for rgb in 0..3 {
                assert!((found[2 * rgb] - offset[rgb]).abs() < 1e-6);
                assert!((found[2 * rgb + 1] - offset[rgb] - factors[c - 1][rgb]).abs() < 1e-6);
            }
            let other = Tensor::<4>::zeros([1, 5, 1, 1], &device);
            let text = Preview::Linear(kind).picture(&other).expect_err("a refusal").to_string();
            assert!(text.contains('5'), "{text}");
        }
    }
}
