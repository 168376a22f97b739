//! Autoencoders on recorded inputs: `latents` means decode, `sample` encode, to the mean where there is a distribution.

use burn::tensor::Device;
use langevin_nn::{AutoencoderKLConfig, AutoencoderTinyConfig, Configuration, VQModelConfig};
use langevin_weights::folder::Component;

use super::{Inputs, Output};
use crate::{Result, load};

pub(super) const KL: &[&str] = AutoencoderKLConfig::CLASS_NAMES;
pub(super) const TINY: &[&str] = AutoencoderTinyConfig::CLASS_NAMES;
pub(super) const VQ: &[&str] = VQModelConfig::CLASS_NAMES;

pub(super) fn kl(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<AutoencoderKLConfig>(component, device)?;
    if inputs.has("latents") {
        return Output::of(network.decode(inputs.tensor("latents")?)?);
    }
    Output::of(network.encode(inputs.tensor("sample")?)?.mean)
}

pub(super) fn tiny(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<AutoencoderTinyConfig>(component, device)?;
    if inputs.has("latents") {
        return Output::of(network.decode(inputs.tensor("latents")?)?);
    }
    Output::of(network.encode(inputs.tensor("sample")?)?)
}

pub(super) fn vq(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<VQModelConfig>(component, device)?;
    if inputs.has("latents") {
        return Output::of(network.decode(inputs.tensor("latents")?)?);
    }
    Output::of(network.encode(inputs.tensor("sample")?)?)
}
