//! Whole networks: a training step, a sampling run of 50 steps, and the parts of Stable Diffusion.

mod ddim;
mod stable_diffusion;
mod subject;
mod train_step;

use crate::work::Work;
use crate::{Group, Result, Row};
use burn::tensor::Device;
use subject::Subject;

/// Every row with a network.
pub(crate) fn rows() -> Vec<Row> {
    use Group::{Sample, Train};
    let row = |name: &str, group, same_network, build: fn(&Device) -> Result<Work>| Row {
        name: name.to_owned(),
        group,
        cost: None,
        same_network,
        build: Box::new(build),
    };
    vec![
        row("train-step/unet2d-32-64-64", Train, true, |device| {
            train_step::work(&Subject::UNET2D, device)
        }),
        row("train-step/ddpm-cifar", Train, true, |device| {
            train_step::work(&Subject::DDPM_CIFAR, device)
        }),
        row("train-step/compact", Train, false, |device| {
            train_step::work(&Subject::COMPACT, device)
        }),
        row("ddim50/unet2d-32-64-64", Sample, true, |device| {
            ddim::work(&Subject::UNET2D, 64, 1.0, device)
        }),
        row("ddim50/compact", Sample, false, |device| {
            ddim::work(&Subject::COMPACT, 100, 2.0, device)
        }),
        row("sd15-step/512", Sample, true, stable_diffusion::step),
        row("vae-decode/512", Sample, true, stable_diffusion::decode),
    ]
}
