//! Sampling along a plan: a scheduler configuration's own steps, made with a model's network.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Level, State};
use langevin_schedulers::{Increment, Network, Noise, NoiseSource, Plan, RngKind, walk};

use crate::{Error, Model, ModelBranches, Progress, Result, SampleConfig};

/// The images of one batch of a plan.
pub(crate) struct Batch<'a> {
    pub(crate) model: &'a Model,
    pub(crate) config: &'a SampleConfig,
    pub(crate) labels: Option<&'a [u32]>,
    pub(crate) seeds: &'a [u64],
    /// `[C, H, W]`.
    pub(crate) shape: [usize; 3],
    /// Starting states instead of drawn ones.
    pub(crate) start: Option<Tensor<4>>,
}

impl Batch<'_> {
    /// The last state; `observer` is told of all with their index.
    pub(crate) fn run(
        self,
        plan: &Plan,
        device: &Device,
        observer: &mut dyn FnMut(usize, &Tensor<4>) -> Result<()>,
    ) -> Result<Tensor<4>> {
        let mut noise = ImagesNoise::new(self.config.rng, self.seeds, self.shape, device);
        let start = match self.start.clone() {
            Some(start) => start,
            None => noise.draw()? * plan.init_noise_sigma,
        };
        let mut failed = None;
        let told = &mut |index: usize, x: &Tensor<4>| {
            observer(index, x).map_err(|error| {
                failed = Some(error);
                langevin_schedulers::Error::Stopped
            })
        };
        let network = Planned { batch: &self, plan };
        let walked = walk(plan, &network, start, &mut noise, told);
        match (walked, failed) {
            (_, Some(error)) => Err(error),
            (walked, None) => Ok(walked?),
        }
    }
}

/// The model as a plan's network.
struct Planned<'a> {
    batch: &'a Batch<'a>,
    plan: &'a Plan,
}

impl Network<Tensor<4>> for Planned<'_> {
    fn output(
        &self,
        x: &Tensor<4>,
        at: Level,
        timestep: f64,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        let Batch { model, config, labels, .. } = *self.batch;
        // The classes of EDM leave its preconditioning of the input to the network.
        let scale = self.plan.prediction.input_scale(at);
        let scaled = if scale == 1.0 { x.clone() } else { x.clone() * scale };
        let x = &scaled;
        let told = |x: Tensor<4>, labels: Option<&[u32]>| {
            let timesteps = vec![timestep as f32; x.dims()[0]];
            model.told(x, &timesteps, labels)
        };
        let [low, high] = config.guidance_interval;
        let guided = config.guidance != 1.0 && (low < at.ratio() && at.ratio() <= high);
        let failed = |error: Error| langevin_schedulers::Error::Network(error.to_string());
        if !guided {
            return told(x.clone(), labels).map_err(failed);
        }
        let branches = ModelBranches::new(model, [labels, None]);
        let [with, without] = branches.evaluate(x, told).map_err(failed)?;
        let scale = config.guidance;
        Ok(State::combine(&[(scale, &with), (1.0 - scale, &without)])?)
    }
}

/// The noise of a batch: image `i` draws from its own seed, so its noise does not depend on its neighbours.
struct ImagesNoise<'a> {
    images: Vec<Noise>,
    shape: [usize; 3],
    device: &'a Device,
}

impl<'a> ImagesNoise<'a> {
    fn new(kind: RngKind, seeds: &[u64], shape: [usize; 3], device: &'a Device) -> Self {
        let size = shape.iter().product();
        let images = seeds.iter().map(|&seed| Noise::new(kind, seed, 1, size)).collect();
        Self { images, shape, device }
    }

    fn gather(
        &mut self,
        draw: impl Fn(&mut Noise) -> langevin_schedulers::Result<langevin_schedulers::Batch>,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        let [c, h, w] = self.shape;
        let mut values: Vec<f32> = Vec::with_capacity(self.images.len() * c * h * w);
        for image in &mut self.images {
            values.extend(draw(image)?.values().iter().map(|x| *x as f32));
        }
        Ok(Tensor::from_data(TensorData::new(values, [self.images.len(), c, h, w]), self.device))
    }
}

impl NoiseSource<Tensor<4>> for ImagesNoise<'_> {
    fn draw(&mut self) -> langevin_schedulers::Result<Tensor<4>> {
        self.gather(NoiseSource::draw)
    }

    fn increment(&mut self, increment: &Increment) -> langevin_schedulers::Result<Tensor<4>> {
        self.gather(|noise| NoiseSource::increment(noise, increment))
    }
}

/// What an observer's answer means.
pub(crate) fn told(
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    progress: &Progress<'_>,
) -> Result<()> {
    match observer(progress) {
        ControlFlow::Break(()) => {
            Err(Error::Interrupted { done: progress.first, total: progress.images })
        }
        ControlFlow::Continue(()) => Ok(()),
    }
}
