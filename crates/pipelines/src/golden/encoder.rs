//! Text and image encoders on recorded inputs: the last hidden state, or the embedding of classes with a projection.

use burn::tensor::Device;
use langevin_nn::{CLIPTextConfig, CLIPVisionConfig, T5Config};
use langevin_weights::folder::Component;

use super::{Inputs, Output};
use crate::{Result, load};

pub(super) fn clip_text(
    component: &Component,
    inputs: &Inputs<'_>,
    device: &Device,
) -> Result<Output> {
    let (_, network) = load::<CLIPTextConfig>(component, device)?;
    let output = network.try_forward(inputs.whole("input_ids")?)?;
    match output.text_embeds {
        Some(embeds) => Output::of(embeds),
        None => Output::of(output.last_hidden_state),
    }
}

pub(super) fn clip_vision(
    component: &Component,
    inputs: &Inputs<'_>,
    device: &Device,
) -> Result<Output> {
    let (_, network) = load::<CLIPVisionConfig>(component, device)?;
    let output = network.try_forward(inputs.tensor("pixel_values")?)?;
    match output.image_embeds {
        Some(embeds) => Output::of(embeds),
        None => Output::of(output.last_hidden_state),
    }
}

pub(super) fn t5(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<T5Config>(component, device)?;
    let mask = inputs.has("attention_mask").then(|| inputs.whole("attention_mask")).transpose()?;
    Output::of(network.try_forward(inputs.whole("input_ids")?, mask)?)
}
