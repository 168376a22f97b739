//! Draws ten pictures of one class from a model folder: `sample_model FOLDER CLASS OUT.png`.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use langevin_core::AnySolver;
use langevin_data::picture::{Picture, contact_sheet, write_png};
use langevin_models::{Model, SampleConfig, SampleJob, sample};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, class, out] = &arguments[..] else {
        anyhow::bail!("usage: sample_model FOLDER CLASS OUT.png");
    };
    let class: u32 = class.parse().context("CLASS is a number")?;
    let device = Device::flex();
    let model = Model::load(Path::new(folder), &device)?;
    let job = SampleJob {
        seeds: (0..10).collect(),
        labels: Some(vec![class; 10]),
        size: None,
        start: None,
    };
    let config = SampleConfig {
        steps: 20,
        solver: AnySolver::HeunFlow,
        guidance: 2.0,
        ..Default::default()
    };
    let samples = sample(&model, &job, &config, &device, &mut |progress| {
        println!("step {} of {}", progress.step, progress.steps);
        ControlFlow::Continue(())
    })?;
    let pictures = Picture::batch_from_signed(samples.shape, &samples.data)?;
    write_png(
        Path::new(out),
        &contact_sheet(&pictures, 5)?,
        &[("class".to_owned(), class.to_string())],
    )?;
    Ok(())
}
