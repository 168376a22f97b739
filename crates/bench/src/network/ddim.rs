//! A sampling run of 50 deterministic first-order steps (DDIM; Euler, for a flow) from noise to pictures, by a network of
//! fresh weights: what it draws is no picture, but costs the same.

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_models::{Model, SampleConfig, SampleJob, sample};

use super::Subject;
use crate::Result;
use crate::work::Work;

/// Sets up drawing `count` pictures at once, their classes in turn; a guidance other than 1 runs the network twice a step.
pub(super) fn work(
    subject: &Subject,
    count: usize,
    guidance: f64,
    device: &Device,
) -> Result<Work> {
    let model = Model::init(subject.model(&subject.training()?)?, 0, device)?;
    let labels = model.config.classes.as_ref().map(|classes| classes.count());
    let job = SampleJob {
        seeds: (0..count as u64).collect(),
        labels: labels.map(|classes| (0..count as u32).map(|i| i % classes).collect()),
        size: None,
        start: None,
    };
    let config = SampleConfig { steps: 50, guidance, ..Default::default() };
    let device = device.clone();
    Ok(Work {
        parameters: Some(model.network.info().parameters),
        run: Box::new(move || {
            sample(&model, &job, &config, &device, &mut |_| ControlFlow::Continue(()))?;
            Ok(())
        }),
    })
}
