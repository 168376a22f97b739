//! One picture's latents from noise to the last state, which all pipelines share.

use std::cell::RefCell;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_models::PlanNoise;
use langevin_schedulers::{Network, NoiseSource, Plan, RngKind, walk};

use crate::known::{Begun, Holding};
use crate::seen::Seen;
use crate::{Error, Known, Progress, Result};

/// The course of picture `index`.
pub(crate) struct Course<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) rng: RngKind,
    /// One seed for each picture.
    pub(crate) seeds: &'a [u64],
    /// Starting latents of all pictures, already at the first noise level, instead of drawn noise.
    pub(crate) start: Option<&'a [f32]>,
    /// A picture to start from.
    pub(crate) known: Option<&'a Known>,
    /// Which of the pictures.
    pub(crate) index: usize,
    /// `[C, h, w]`.
    pub(crate) shape: [usize; 3],
    pub(crate) device: &'a Device,
}

impl<'a> Course<'a> {
    /// The state to start from, and the noise of the way from there.
    ///
    /// # Errors
    /// Where the latents given do not fit.
    ///
    /// # Panics
    /// Where `index` is not below the number of seeds.
    pub(crate) fn begin(&self) -> Result<(Begun, PlanNoise<'a>)> {
        let Self { plan, shape, index, device, .. } = *self;
        let size: usize = shape.iter().product();
        let mut noise = PlanNoise::new(self.rng, &self.seeds[index..=index], shape, device);
        if let Some(known) = self.known {
            return Ok((known.begin(plan, &mut noise)?, noise));
        }
        let x = match self.start {
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
        Ok((Begun { x, told: None, kept: None }, noise))
    }

    /// The last latents `[1, C, h, w]` from there; `observer` is told of each state and may end the run.
    ///
    /// # Errors
    /// Where the network refuses, or the observer ends the run.
    pub(crate) fn walk(
        &self,
        (begun, mut noise): (Begun, PlanNoise<'_>),
        network: &dyn Network<Tensor<4>>,
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Tensor<4>> {
        let Self { plan, index, .. } = *self;
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
        let walked = match &begun.kept {
            Some(kept) => {
                walk(plan, &Holding { network: &network, kept }, begun.x, &mut noise, told)
            }
            None => walk(plan, &network, begun.x, &mut noise, told),
        };
        if stopped {
            return Err(Error::Interrupted { done: index, total: pictures });
        }
        Ok(walked?)
    }
}
