//! Sampling a batch of images: the trajectory of `core` run with a model's network.
//!
//! Image `i` depends on its seed, its class and the settings alone: the same bytes for any batch size or thread count.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{AnySolver, Grid, Level, Trajectory};
use langevin_schedulers::Plan;

use crate::guiding::{Bounds, Mixing, guided};
use crate::noise::ImageNoise;
use crate::planned::{self, told};
use crate::{Error, Model, Range, Result, RngKind};

/// How to sample.
#[derive(Clone, Debug)]
pub struct SampleConfig {
    /// Steps of the solver.
    pub steps: usize,
    /// The solver.
    pub solver: AnySolver,
    /// How the noise levels are spaced.
    pub grid: Grid,
    /// Share of the noise drawn anew, 0 (DDIM) to 1 (DDPM).
    pub eta: f64,
    /// Scale of classifier-free guidance; 1 is none.
    pub guidance: f64,
    /// Guidance counts only where `low < sigma/alpha ≤ high` (Kynkäänniemi et al. 2024).
    pub guidance_interval: [f64; 2],
    /// How the guided estimate is mixed; a plan knows no projection.
    pub mixing: Mixing,
    /// What each clean estimate is kept in; a plan has its own.
    pub bounds: Bounds,
    /// The steps of a scheduler configuration, in place of `steps`, `solver`, `grid` and `eta`.
    pub plan: Option<Arc<Plan>>,
    /// What the numbers of the last state are; those of [`Samples`] always go from −1 to 1.
    pub range: Range,
    /// Which generator draws the noise.
    pub rng: RngKind,
    /// Images per forward pass; has no influence on the images. `None` takes as many as make a layer fit the caches.
    pub batch: Option<usize>,
}

/// Bytes of the widest layer that a forward pass is given: what one layer writes, the next then reads from a cache.
const LAYER_BYTES: usize = 5 << 20;

impl SampleConfig {
    /// Images per forward pass when `count` of this size are drawn: what was asked for, or equal parts of `count`; one
    /// where the plan would couple them.
    pub fn batch_of(&self, model: &Model, size: Option<[usize; 2]>, count: usize) -> usize {
        if self.plan.as_ref().is_some_and(|plan| plan.couples_samples()) {
            return 1;
        }
        let (most, count) = (images_at_once(model, size), count.max(1));
        self.batch.unwrap_or_else(|| count.div_ceil(count.div_ceil(most)))
    }

    /// How many states follow the first.
    pub fn calls(&self) -> usize {
        self.plan.as_ref().map_or(self.steps, |plan| plan.calls())
    }

    /// The expected root mean square of each state, the first included, for data of unit variance.
    ///
    /// # Errors
    /// Where the grid has no such steps.
    pub fn sizes(&self, model: &Model) -> Result<Vec<f64>> {
        let size = |level: &Level| level.alpha.hypot(level.sigma);
        match &self.plan {
            Some(plan) => Ok(plan.sizes()),
            None => Ok(self.levels(model)?.iter().map(size).collect()),
        }
    }

    /// What drawn noise of unit variance is multiplied by to start from.
    ///
    /// # Errors
    /// Where the grid has no such steps.
    pub fn start_size(&self, model: &Model) -> Result<f64> {
        match &self.plan {
            Some(plan) => Ok(plan.init_noise_sigma),
            None => Ok(self.sizes(model)?[0]),
        }
    }

    fn levels(&self, model: &Model) -> Result<Vec<Level>> {
        Ok(self.grid.levels(&model.config.schedule, self.steps)?)
    }
}

/// Images whose widest layer of the network fits the caches.
pub(crate) fn images_at_once(model: &Model, size: Option<[usize; 2]>) -> usize {
    let network = &model.config.network;
    let widest = size.or(network.sample_size()).map_or(0, |size| network.widest_layer(size));
    (LAYER_BYTES / (size_of::<f32>() * widest.max(1))).max(1)
}

impl Default for SampleConfig {
    /// 50 uniform deterministic first-order steps without guidance.
    fn default() -> Self {
        Self {
            steps: 50,
            solver: AnySolver::Euler,
            grid: Grid::Uniform,
            eta: 0.0,
            guidance: 1.0,
            guidance_interval: [0.0, f64::INFINITY],
            mixing: Mixing::Plain,
            bounds: Bounds::Free,
            plan: None,
            range: Range::Signed,
            rng: RngKind::Philox,
            batch: None,
        }
    }
}

/// What to sample.
#[derive(Clone, Debug)]
pub struct SampleJob {
    /// One seed per image.
    pub seeds: Vec<u64>,
    /// One class per image; `None` samples without a class.
    pub labels: Option<Vec<u32>>,
    /// Height and width; `None` takes the network's sample size.
    pub size: Option<[usize; 2]>,
    /// Starting states `[N, C, H, W]`, already at the first noise level, instead of drawn noise.
    pub start: Option<Vec<f32>>,
}

/// Where sampling stands: called once per noise level and batch, from the start to the finished images.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Index of the batch's first image.
    pub first: usize,
    /// Images asked for in all.
    pub images: usize,
    /// Steps done, 0 to `steps`.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The batch's states at this level.
    pub state: &'a Tensor<4>,
}

/// The finished images.
#[derive(Clone, Debug)]
pub struct Samples {
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// The numbers, about −1 to 1, not clamped.
    pub data: Vec<f32>,
}

/// Samples `job` from `model`, telling `observer` of each step; `Break` from it ends with [`Error::Interrupted`].
pub fn sample(
    model: &Model,
    job: &SampleJob,
    config: &SampleConfig,
    device: &Device,
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Samples> {
    let shape = check(model, job, config)?;
    let (start_size, calls) = (config.start_size(model)?, config.calls());
    let [total, c, h, w] = shape;
    let size = c * h * w;
    let mut data = Vec::with_capacity(total * size);
    let batch = config.batch_of(model, job.size, total);
    for first in (0..total).step_by(batch) {
        let range = first..(first + batch).min(total);
        let start = job.start.as_ref().map(|start| {
            let values = start[range.start * size..range.end * size].to_vec();
            Tensor::from_data(TensorData::new(values, [range.len(), c, h, w]), device)
        });
        let part = planned::Batch {
            model,
            config,
            labels: job.labels.as_ref().map(|labels| &labels[range.clone()]),
            seeds: &job.seeds[range.clone()],
            shape: [c, h, w],
            start,
        };
        let mut tell = |step: usize, state: &Tensor<4>| {
            told(observer, &Progress { first, images: total, step, steps: calls, state })
        };
        let state = match &config.plan {
            Some(plan) => part.run(plan, device, &mut tell)?,
            None => solved(part, start_size, device, &mut tell)?,
        };
        let values =
            state.into_data().try_into_vec::<f32>().map_err(|e| Error::Tensor(format!("{e:?}")))?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { image: first + at / size });
        }
        match config.range {
            Range::Signed => data.extend(values),
            Range::Unit => data.extend(values.into_iter().map(|x| 2.0 * x - 1.0)),
        }
    }
    Ok(Samples { shape, data })
}

/// The last state of a batch along the configuration's grid; `tell` is told of all.
fn solved(
    part: planned::Batch<'_>,
    start_size: f64,
    device: &Device,
    tell: &mut dyn FnMut(usize, &Tensor<4>) -> Result<()>,
) -> Result<Tensor<4>> {
    let planned::Batch { model, config, labels, seeds, shape, start } = part;
    let noise = ImageNoise::new(config.rng, seeds, shape, device);
    let (start, noise) = match start {
        Some(start) => (start, noise.without_start()),
        // For data of unit variance, x at this level has variance alpha² + sigma².
        None => (noise.draw(0) * start_size, noise),
    };
    let denoiser = guided(model, labels, config)?;
    let levels = config.levels(model)?;
    let mut trajectory =
        Trajectory::new(start, levels, config.solver, config.eta, &*denoiser, &noise);
    for step in 0..config.steps {
        let Some(eval) = trajectory.next() else { break };
        tell(step, &eval?.x)?;
    }
    let state = trajectory.run()?;
    tell(config.steps, &state)?;
    Ok(state)
}

fn check(model: &Model, job: &SampleJob, config: &SampleConfig) -> Result<[usize; 4]> {
    let value = |name, found: String, expected| Err(Error::Value { name, found, expected });
    if config.batch == Some(0) {
        return value("batch", "0".to_owned(), "at least 1");
    }
    if !(0.0..=1.0).contains(&config.eta) {
        return value("eta", config.eta.to_string(), "between 0 and 1");
    }
    if !config.guidance.is_finite() {
        return value("guidance", config.guidance.to_string(), "a finite number");
    }
    if config.plan.is_some() && matches!(config.mixing, Mixing::Projected(_)) {
        return value("mixing", "projected".to_owned(), "plain or rescaled along a plan");
    }
    if config.plan.is_some() && config.bounds != Bounds::Free {
        return value("bounds", format!("{:?}", config.bounds), "those of the plan");
    }
    let classes = model.config.classes.as_ref();
    if config.guidance != 1.0 && (job.labels.is_none() || classes.is_none_or(|c| c.null.is_none()))
    {
        return Err(Error::Guidance { guidance: config.guidance });
    }
    let network = &model.config.network;
    let Some([h, w]) = job.size.or(network.sample_size()) else {
        return value(
            "sample_size",
            "missing".to_owned(),
            "in the network's configuration, or given",
        );
    };
    let shape = [job.seeds.len(), network.in_channels(), h, w];
    if let Some(labels) = &job.labels
        && labels.len() != job.seeds.len()
    {
        return Err(Error::Shape {
            name: "labels",
            found: vec![labels.len()],
            expected: vec![shape[0]],
        });
    }
    if let Some(start) = &job.start
        && start.len() != shape.iter().product::<usize>()
    {
        return Err(Error::Shape {
            name: "start",
            found: vec![start.len()],
            expected: shape.to_vec(),
        });
    }
    Ok(shape)
}
