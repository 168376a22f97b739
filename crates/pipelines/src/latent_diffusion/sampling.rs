//! The loop: noise, the scheduler's steps with the guided network, the autoencoder's picture.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use langevin_core::{Level, State};
use langevin_schedulers::{Mode, Network, Plan};

use super::{Denoiser, Job, LatentDiffusion};
use crate::course::Course;
use crate::{Error, Progress, Result, Samples};

impl LatentDiffusion {
    /// Draws picture `index` of a job; `observer` is told of each state and may end the run.
    ///
    /// # Errors
    /// Where the job does not fit the networks, or the observer ends it.
    ///
    /// # Panics
    /// Where `index` is not below the number of seeds.
    pub fn draw(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples> {
        let network = Guided {
            denoiser: &self.denoiser,
            labels: self.labels(job, index)?,
            guidance: job.guidance,
            plan: &job.plan,
        };
        let course = Course {
            plan: &job.plan,
            rng: job.rng,
            seeds: &job.seeds,
            start: job.start.as_deref(),
            known: None,
            index,
            shape: self.latent_shape(),
            device,
        };
        let latents = course.walk(course.begin()?, &network, observer)?;
        let picture = self.decoder.picture(latents.clone())?;
        Ok(Samples { latents, picture })
    }

    /// The label of each branch: the picture's class, with guidance no class after it.
    fn labels(&self, job: &Job, index: usize) -> Result<Option<Vec<u32>>> {
        let wrong = |found: String, expected: String| {
            Err(Error::Value { name: "the class", found, expected })
        };
        let label = job.labels.as_ref().and_then(|labels| labels.get(index)).copied();
        let (classes, label) = match (self.classes(), label) {
            (None, None) => return Ok(None),
            (None, Some(label)) => {
                return wrong(label.to_string(), "absent: this model has no classes".to_owned());
            }
            (Some(classes), None) => {
                return wrong("missing".to_owned(), format!("from 0 to {classes}"));
            }
            (Some(classes), Some(label)) => (classes, label),
        };
        if label > classes {
            let expected = format!("from 0 to {classes}, where {classes} stands for no class");
            return wrong(label.to_string(), expected);
        }
        let null = match job.mode {
            Mode::AsDiffusers => self.denoiser.null_of_diffusers().unwrap_or(classes),
            Mode::Fixed => classes,
        };
        Ok(Some(if job.guidance > 1.0 { vec![label, null] } else { vec![label] }))
    }
}

/// The network with classifier-free guidance (Ho and Salimans 2022): both branches in one forward pass.
struct Guided<'a> {
    denoiser: &'a Denoiser,
    labels: Option<Vec<u32>>,
    guidance: f64,
    plan: &'a Plan,
}

impl Network<Tensor<4>> for Guided<'_> {
    fn output(
        &self,
        x: &Tensor<4>,
        at: Level,
        timestep: f64,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        // The classes of EDM leave its preconditioning of the input to the network.
        let x = x.clone() * self.plan.prediction.input_scale(at);
        let count = self.labels.as_ref().map_or(1, Vec::len);
        let x = if count == 1 { x } else { Tensor::cat(vec![x; count], 0) };
        let output = self
            .denoiser
            .output(x, timestep, self.labels.as_deref())
            .map_err(|error| langevin_schedulers::Error::Network(error.to_string()))?;
        if count == 1 {
            return Ok(output);
        }
        let (with, without) = (output.clone().narrow(0, 0, 1), output.narrow(0, 1, 1));
        Ok(State::combine(&[(self.guidance, &with), (1.0 - self.guidance, &without)])?)
    }
}
