//! One picture's latents from noise to the last state, which all pipelines share.

use std::cell::RefCell;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_models::PlanNoise;
use langevin_schedulers::{Network, NoiseSource, Plan, RngKind, walk};

use crate::seen::Seen;
use crate::{Error, Progress, Result};

/// The course of picture `index`.
pub(crate) struct Course<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) rng: RngKind,
    /// One seed for each picture.
    pub(crate) seeds: &'a [u64],
    /// Starting latents of all pictures, already at the first noise level, instead of drawn noise.
    pub(crate) start: Option<&'a [f32]>,
    /// Which of the pictures.
    pub(crate) index: usize,
    /// `[C, h, w]`.
    pub(crate) shape: [usize; 3],
    pub(crate) device: &'a Device,
}

impl Course<'_> {
    /// The last latents `[1, C, h, w]`; `observer` is told of each state and may end the run.
    ///
    /// # Errors
    /// Where the latents given do not fit, the network refuses, or the observer ends the run.
    ///
    /// # Panics
    /// Where `index` is not below the number of seeds.
    pub(crate) fn walk(
        &self,
        network: &dyn Network<Tensor<4>>,
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Tensor<4>> {
        let Self { plan, shape, index, device, .. } = *self;
        let size: usize = shape.iter().product();
        let mut noise = PlanNoise::new(self.rng, &self.seeds[index..=index], shape, device);
        let start = match self.start {
            Some(start) => {
                let values =
                    start.get(index * size..(index + 1) * size).ok_or_else(|| Error::Value {
                        name: "the number of latents",
                        found: start.len().to_string(),
                        expected: format!("{size} for each picture"),
                    })?;
                let [c, h, w] = shape;
                Tensor::from_data(TensorData::new(values.to_vec(), [1, c, h, w]), device)
            }
            None => noise.draw()? * plan.init_noise_sigma,
        };
        let (pictures, steps) = (self.seeds.len(), plan.calls());
        let mut stopped = false;
        let clean = RefCell::new(None);
        let network = Seen { network, prediction: plan.prediction, clean: &clean };
        let told = &mut |step: usize, latents: &Tensor<4>| {
            let clean = clean.borrow();
            let clean = clean.as_ref();
            let progress = Progress { picture: index, pictures, step, steps, latents, clean };
            match observer(&progress) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => {
                    stopped = true;
                    Err(langevin_schedulers::Error::Stopped)
                }
            }
        };
        let walked = walk(plan, &network, start, &mut noise, told);
        if stopped {
            return Err(Error::Interrupted { done: index, total: pictures });
        }
        Ok(walked?)
    }
}
