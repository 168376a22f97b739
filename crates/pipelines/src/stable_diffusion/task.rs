//! What Python's pipelines of this family do otherwise, whether they start from words, from a picture, or from a picture
//! with a mask.

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_schedulers::{Config, Plan, Request, Start};
use langevin_weights::lora::Part;

use super::{Kind, StableDiffusion};
use crate::known::{Encoding, Masking};
use crate::merge::Merge;
use crate::text::Clip;
use crate::{
    Decoding, Error, Init, Job, Known, Latents, Prepared, Progress, Result, Samples, Task,
    TextToImage, Usual,
};

impl TextToImage for StableDiffusion {
    fn notes(&self) -> &[String] {
        self.notes()
    }

    fn usual(&self, task: Task) -> Result<Usual> {
        self.check(task)?;
        let distilled = self.unet.config().time_cond_proj_dim.is_some();
        let guidance = match (self.kind, task) {
            (Kind::Xl, Task::Mask) => 7.5,
            (Kind::Xl, _) => 5.0,
            _ if distilled => 8.5,
            _ => 7.5,
        };
        let strength = match (self.kind, task) {
            (Kind::Xl, Task::Picture) => 0.3,
            (Kind::Xl, Task::Mask) => 0.9999,
            (_, Task::Picture) => 0.8,
            (_, Task::Text | Task::Mask) => 1.0,
        };
        let steps = if self.kind == Kind::Lcm { 4 } else { 50 };
        Ok(Usual { steps, guidance, strength })
    }

    fn usual_size(&self) -> [usize; 2] {
        self.usual_size()
    }

    fn size_from(&self, init: &Init) -> [usize; 2] {
        match init.task() {
            Task::Picture if self.kind != Kind::Variation => init.rounded_size(self.reduction()),
            Task::Text | Task::Picture | Task::Mask => self.usual_size(),
        }
    }

    fn plan(&self, task: Task, request: &Request, _: [usize; 2]) -> Result<Plan> {
        // Python's pipelines ask for no fresh noise where nobody says, whatever the scheduler would add by itself.
        let request = Request { eta: Some(request.eta.unwrap_or(0.0)), ..*request };
        Ok(Plan::new(&self.scheduler_for(task), &request)?)
    }

    fn latent_shape(&self, size: [usize; 2]) -> Result<[usize; 3]> {
        self.latent_shape(size)
    }

    fn start(&self, init: &Init, steps: usize) -> Result<Start> {
        match (self.kind, init.task()) {
            (Kind::Variation, _) => Ok(Start::First),
            (Kind::Lcm, Task::Picture) => Ok(Start::Share(init.strength())),
            _ => init.made_steps(steps),
        }
    }

    fn prepare(
        &self,
        init: &Init,
        size: [usize; 2],
        decoding: Decoding,
        device: &Device,
    ) -> Result<Prepared> {
        self.check(init.task())?;
        if let Some(sight) = &self.sight {
            return Ok(Prepared::Embedding(sight.see(init, device)?));
        }
        let encoding = Encoding { vae: &self.vae, decoding, device };
        let known = Known::new(&encoding, init, size, self.masking)?;
        Ok(Prepared::Latents(known))
    }

    fn merge(self: Box<Self>, merge: &mut Merge<'_>) -> Result<Box<dyn TextToImage>> {
        Ok(Box::new(self.merged(merge)?))
    }

    fn clips(&mut self) -> Vec<(Part, &mut Clip)> {
        self.clips()
    }

    fn latents(&self) -> Latents {
        self.latents()
    }

    fn draw(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples> {
        self.draw(job, index, device, note, observer)
    }
}

impl StableDiffusion {
    /// Whether the networks are made for a task.
    fn check(&self, task: Task) -> Result<()> {
        let refused = |found: &str, expected: &str| {
            Err(Error::Value {
                name: "what pictures are made from",
                found: found.to_owned(),
                expected: expected.to_owned(),
            })
        };
        match task {
            Task::Text if self.sight.is_some() => {
                refused("words", "a picture: this pipeline varies what it is shown")
            }
            Task::Mask if self.sight.is_some() => {
                refused("a part of a picture", "a whole one: this pipeline varies what it is shown")
            }
            Task::Text if self.aesthetics && self.masking == Masking::Kept => {
                refused("words alone", "a picture: this pipeline refines pictures")
            }
            _ => self.masking.check(task),
        }
    }

    /// The folder's scheduler as Python's pipeline for a task uses it: those of the first generation mend settings that
    /// early folders lack.
    fn scheduler_for(&self, task: Task) -> Config {
        let scheduler = self.scheduler.clone();
        match (self.kind, task) {
            (Kind::Xl | Kind::Variation, _) | (Kind::Lcm, Task::Text | Task::Picture) => scheduler,
            (_, Task::Mask) => scheduler.with("steps_offset", 1).with("skip_prk_steps", true),
            (_, Task::Text | Task::Picture) => {
                scheduler.with("steps_offset", 1).with("clip_sample", false)
            }
        }
    }
}
