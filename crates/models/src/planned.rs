//! Sampling along a plan: a scheduler configuration's own steps, made with a model's network.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use langevin_core::guidance::rescaled;
use langevin_core::{Level, State};
use langevin_schedulers::{Network, NoiseSource, Plan, walk};

use crate::guiding::Mixing;
use crate::plan_noise::PlanNoise;
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
        let mut noise = PlanNoise::new(self.config.rng, self.seeds, self.shape, device);
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
        let guided = State::combine(&[(scale, &with), (1.0 - scale, &without)])?;
        match config.mixing {
            Mixing::Rescaled(phi) => Ok(rescaled(&guided, &with, phi)?),
            Mixing::Plain | Mixing::Projected(_) => Ok(guided),
        }
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
