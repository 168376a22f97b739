//! Diffusion transformers on recorded inputs.

use burn::tensor::Device;
use langevin_nn::{
    DiTConfig, FluxConfig, FluxInputs, PriorInputs, PriorTransformerConfig, SD3Config, SD3Inputs,
};
use langevin_weights::folder::Component;

use super::{Inputs, Output};
use crate::{Result, load};

pub(super) fn dit(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<DiTConfig>(component, device)?;
    let (sample, timestep) = (inputs.tensor("sample")?, inputs.tensor("timestep")?);
    let labels = inputs.labels()?;
    network.check_inputs(sample.dims(), &timestep, labels.as_ref())?;
    Output::of(network.forward(sample, timestep, labels))
}

pub(super) fn sd3(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<SD3Config>(component, device)?;
    Output::of(network.try_forward(SD3Inputs {
        sample: inputs.tensor("sample")?,
        timestep: inputs.tensor("timestep")?,
        encoder_hidden_states: inputs.tensor("encoder_hidden_states")?,
        pooled_projections: inputs.tensor("pooled_projections")?,
    })?)
}

pub(super) fn flux(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<FluxConfig>(component, device)?;
    Output::of(network.try_forward(FluxInputs {
        sample: inputs.tensor("sample")?,
        timestep: inputs.tensor("timestep")?,
        encoder_hidden_states: inputs.tensor("encoder_hidden_states")?,
        pooled_projections: inputs.tensor("pooled_projections")?,
        img_ids: inputs.tensor("img_ids")?,
        txt_ids: inputs.tensor("txt_ids")?,
        guidance: inputs.optional("guidance")?,
    })?)
}

pub(super) fn prior(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let (_, network) = load::<PriorTransformerConfig>(component, device)?;
    let flat = |name: &str| match inputs.dimensions(name)? {
        2 => Ok(inputs.tensor::<2>(name)?.unsqueeze_dim(1)),
        _ => inputs.tensor::<3>(name),
    };
    let pooled = if inputs.has("proj_embedding") { "proj_embedding" } else { "text_embeds" };
    let plain = inputs.dimensions("output")? == 2;
    let output = network.try_forward(PriorInputs {
        sample: flat("sample")?,
        timestep: inputs.tensor("timestep")?,
        proj_embedding: inputs.tensor(pooled)?,
        encoder_hidden_states: inputs.optional("encoder_hidden_states")?,
        attention_mask: inputs.optional("attention_mask")?,
    })?;
    if plain && output.dims()[1] == 1 {
        Output::of(output.squeeze_dim::<2>(1))
    } else {
        Output::of(output)
    }
}
