//! U-Nets on recorded inputs.

use burn::tensor::Device;
use langevin_nn::{Conditions, Network, UNet2DConditionConfig, UNet2DConfig};
use langevin_weights::folder::Component;

use super::{Inputs, Output};
use crate::{Result, load};

pub(super) fn unconditional(
    component: &Component,
    inputs: &Inputs<'_>,
    device: &Device,
) -> Result<Output> {
    let (_, network) = load::<UNet2DConfig>(component, device)?;
    let (sample, timestep) = (inputs.tensor("sample")?, inputs.tensor("timestep")?);
    let network = Network::UNet2d(network);
    Output::of(network.try_forward(sample, timestep, inputs.labels()?)?)
}

pub(super) fn conditional(
    component: &Component,
    inputs: &Inputs<'_>,
    device: &Device,
) -> Result<Output> {
    let (_, network) = load::<UNet2DConditionConfig>(component, device)?;
    let conditions = Conditions {
        encoder_hidden_states: inputs.tensor("encoder_hidden_states")?,
        class_labels: inputs.labels()?,
        timestep_cond: inputs.optional("timestep_cond")?,
        text_embeds: inputs.optional("text_embeds")?,
        time_ids: inputs.optional("time_ids")?,
    };
    let (sample, timestep) = (inputs.tensor("sample")?, inputs.tensor("timestep")?);
    Output::of(network.forward(sample, timestep, &conditions)?)
}
