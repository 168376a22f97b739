//! The contact sheets of a run: the same seeds and classes every time, so that progress can be seen.

use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use langevin_data::Picture;
use langevin_data::picture::{contact_sheet, write_png};
use langevin_models::{Bounds, Mixing, Model, RngKind, SampleConfig, SampleJob, sample};

use crate::config::{SamplesConfig, Shown};
use crate::{Result, RunFolder, Trainer};

/// Columns where there are no classes to count by, or too many.
const COLUMNS: usize = 10;

/// Draws the sheets of the weights that `config` shows and returns their paths, or `None` where `tell`, called with
/// the sampling steps done and in all, asked to stop.
pub(crate) fn draw_sheets(
    trainer: &Trainer,
    run: &RunFolder,
    config: &SamplesConfig,
    device: &Device,
    tell: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Vec<PathBuf>>> {
    let mut models = vec![("ema", trainer.ema_model()?)];
    if config.weights == Shown::Both {
        models.push(("raw", trainer.raw_model()));
    }
    let calls = match models.first() {
        Some((_, model)) => {
            let batch = settings(model, config).batch_of(model, None, config.count);
            config.count.div_ceil(batch) * (config.steps + 1)
        }
        None => 0,
    };
    let total = calls * models.len();
    let mut paths = Vec::new();
    for (index, (name, model)) in models.iter().enumerate() {
        let mut done = index * calls;
        let mut observer = |_: &langevin_models::Progress<'_>| {
            done += 1;
            tell(done, total)
        };
        let step = trainer.steps_done();
        let path = run.samples_path().join(format!("step-{step:08}-{name}.png"));
        let samples = match sample(
            model,
            &job(model, config),
            &settings(model, config),
            device,
            &mut observer,
        ) {
            Ok(samples) => samples,
            Err(langevin_models::Error::Interrupted { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let pictures = Picture::batch_from_signed(samples.shape, &samples.data)?;
        let [low, high] = config.guidance_interval;
        let text = [
            ("langevin:step".to_owned(), step.to_string()),
            ("langevin:weights".to_owned(), (*name).to_owned()),
            ("langevin:solver".to_owned(), config.solver.to_string()),
            ("langevin:steps".to_owned(), config.steps.to_string()),
            ("langevin:guidance".to_owned(), config.guidance.to_string()),
            ("langevin:guidance_interval".to_owned(), format!("{low},{high}")),
            ("langevin:seed".to_owned(), config.seed.to_string()),
        ];
        write_png(&path, &contact_sheet(&pictures, columns(model))?, &text)?;
        paths.push(path);
    }
    Ok(Some(paths))
}

fn job(model: &Model, config: &SamplesConfig) -> SampleJob {
    let seeds = (0..config.count as u64).map(|i| config.seed.wrapping_add(i)).collect();
    let labels = model.config.classes.as_ref().map(|classes| {
        let count = classes.count().max(1);
        (0..config.count).map(|i| (i % count as usize) as u32).collect()
    });
    SampleJob { seeds, labels, size: None, start: None }
}

fn settings(model: &Model, config: &SamplesConfig) -> SampleConfig {
    let guided = model.config.classes.as_ref().is_some_and(|classes| classes.null.is_some());
    SampleConfig {
        steps: config.steps,
        solver: config.solver,
        grid: config.grid,
        eta: config.eta,
        guidance: if guided { config.guidance } else { 1.0 },
        guidance_interval: config.guidance_interval,
        mixing: Mixing::Plain,
        bounds: Bounds::Free,
        plan: None,
        range: langevin_models::Range::Signed,
        rng: RngKind::Philox,
        batch: None,
    }
}

fn columns(model: &Model) -> usize {
    match model.config.classes.as_ref().map(langevin_models::Classes::count) {
        Some(count @ 2..=20) => count as usize,
        _ => COLUMNS,
    }
}
