//! Drawing pictures from a model, batch by batch, so that what is finished can be shown and saved before the rest is.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Device;
use langevin_models::{Error, Model, SampleConfig, SampleJob, Samples, sample};

use crate::context::Context;
use crate::failure::Failure;
use crate::words::{counted, thousands};

/// What to draw.
#[derive(Debug)]
pub(crate) struct Job {
    /// The seed of picture 0; picture `i` has this plus `i`.
    pub(crate) seed: u64,
    /// How many pictures.
    pub(crate) count: usize,
    /// The class of each.
    pub(crate) labels: Option<Vec<u32>>,
    /// Starting states `[N, C, H, W]` at the first level.
    pub(crate) start: Option<Vec<f32>>,
    /// States are kept of this many of the first pictures.
    pub(crate) recorded: usize,
}

impl Job {
    /// The seed of picture `i`.
    pub(crate) fn seed_of(&self, i: usize) -> u64 {
        self.seed.wrapping_add(i as u64)
    }
}

/// What was drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// All pictures.
    pub(crate) samples: Samples,
    /// For each of the levels, first to last, the states of the recorded pictures.
    pub(crate) states: Vec<Vec<f32>>,
    /// Wall-clock seconds, without what `finished` took.
    pub(crate) seconds: f64,
}

/// Draws `job`, shown as `title`; `finished` is given each batch as it is done, with the index of its first picture.
pub(crate) fn draw(
    context: &Context,
    title: &str,
    model: &Model,
    job: &Job,
    config: &SampleConfig,
    finished: &mut dyn FnMut(usize, &Samples) -> Result<(), Failure>,
) -> Result<Drawn, Failure> {
    let device = context.device();
    let watch = context.interrupt.watch();
    let mut progress = context.task(title);
    let mut states: Vec<Vec<f32>> =
        vec![Vec::new(); if job.recorded > 0 { config.calls() + 1 } else { 0 }];
    let mut all = Samples { shape: [0; 4], data: Vec::new() };
    let mut seconds = 0.0;
    let batch = config.batch_of(model, None, job.count).min(job.count);
    let calls = (job.count.div_ceil(batch) * (config.calls() + 1)) as f64;
    for first in (0..job.count).step_by(batch) {
        let begun = Instant::now();
        let count = batch.min(job.count - first);
        let part = part(job, first, count);
        let mut failed = None;
        let mut observer = |now: &langevin_models::Progress<'_>| {
            let done = ((first / batch) * (config.calls() + 1) + now.step + 1) as f64 / calls;
            progress.update(done, || {
                format!("{} of {}", thousands(first), counted(job.count, "picture"))
            });
            let wanted = job.recorded.saturating_sub(first).min(count);
            if wanted > 0 {
                match now.state.clone().into_data().try_into_vec::<f32>() {
                    Ok(values) => states[now.step].extend(&values[..values.len() / count * wanted]),
                    Err(error) => failed = Some(format!("{error:?}")),
                }
            }
            if watch.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let samples = match sample_part(model, &part, config, &device, &mut observer) {
            Ok(samples) => samples,
            Err(Error::Interrupted { .. }) => {
                let sentence =
                    format!("{} of {} drawn", thousands(first), counted(job.count, "picture"));
                return Err(Failure::interrupted(sentence)
                    .hint("the same command draws the same pictures again"));
            }
            Err(Error::NotFinite { image }) => {
                return Err(Error::NotFinite { image: first + image }.into());
            }
            Err(error) => return Err(of_models(error)),
        };
        if let Some(error) = failed {
            return Err(Failure::failed(format!(
                "a state of the trajectory could not be read: {error}"
            )));
        }
        seconds += begun.elapsed().as_secs_f64();
        finished(first, &samples)?;
        all.shape = [first + count, samples.shape[1], samples.shape[2], samples.shape[3]];
        all.data.extend(samples.data);
    }
    progress.finish(&format!(
        "{} in {}",
        counted(job.count, "picture"),
        crate::words::seconds(seconds)
    ));
    Ok(Drawn { samples: all, states, seconds })
}

/// The pictures `first .. first + count` of a job.
fn part(job: &Job, first: usize, count: usize) -> SampleJob {
    let size = job.start.as_ref().map_or(0, |start| start.len() / job.count);
    SampleJob {
        seeds: (first..first + count).map(|i| job.seed_of(i)).collect(),
        labels: job.labels.as_ref().map(|labels| labels[first..first + count].to_vec()),
        size: None,
        start: job.start.as_ref().map(|start| start[first * size..(first + count) * size].to_vec()),
    }
}

fn sample_part(
    model: &Model,
    part: &SampleJob,
    config: &SampleConfig,
    device: &Device,
    observer: &mut dyn FnMut(&langevin_models::Progress<'_>) -> ControlFlow<()>,
) -> Result<Samples, Error> {
    let config = SampleConfig { batch: Some(part.seeds.len()), ..config.clone() };
    sample(model, part, &config, device, observer)
}

/// Settings that this model cannot be sampled with are wrong usage; everything else failed.
fn of_models(error: Error) -> Failure {
    match error {
        Error::Class { .. }
        | Error::NoClasses { .. }
        | Error::ClassNeeded { .. }
        | Error::Guidance { .. }
        | Error::Value { .. }
        | Error::Core(_) => {
            Failure::usage(error.to_string()).hint("`langevin sample --help` explains the settings")
        }
        other => other.into(),
    }
}
