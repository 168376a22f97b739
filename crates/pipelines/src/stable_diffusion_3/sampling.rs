//! The loop: noise, the scheduler's steps with the guided transformer, the autoencoder's picture.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use langevin_core::Level;
use langevin_nn::{SD3Inputs, SD3Transformer2DModel};
use langevin_schedulers::{Mode, Network, Plan, Request, Start};
use langevin_weights::lora::Part;

use super::StableDiffusion3;
use super::prompt::Embedded;
use crate::known::Encoding;
use crate::merge::Merge;
use crate::sampling::Guidance;
use crate::text::{Clip, T5};
use crate::{
    Decoding, Error, Init, Job, Known, Latents, Prepared, Progress, Result, Samples, Task,
    TextToImage, Usual, sampling,
};

impl TextToImage for StableDiffusion3 {
    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn plan(&self, _: Task, request: &Request, size: [usize; 2]) -> Result<Plan> {
        let [_, height, width] = self.latent_shape(size)?;
        let patch = self.transformer.config().patch_size;
        let mu = self.scheduler.resolution_shift((height / patch) * (width / patch))?;
        Ok(Plan::new(&self.scheduler, &Request { mu, ..*request })?)
    }

    fn latent_shape(&self, size: [usize; 2]) -> Result<[usize; 3]> {
        let (config, reduction) = (self.transformer.config(), self.vae.config().reduction());
        let unit = reduction * config.patch_size;
        let channels = self.vae.config().latent_channels;
        let shape = sampling::latent_shape(size, channels, reduction, unit)?;
        let most = config.pos_embed_max_size.map_or(usize::MAX, |most| most.saturating_mul(unit));
        if let Some(side) = size.iter().find(|side| **side > most) {
            return Err(Error::Value {
                name: "a side of the picture",
                found: side.to_string(),
                expected: format!("at most {most} pixels, which the transformer knows places for"),
            });
        }
        Ok(shape)
    }

    fn usual(&self, task: Task) -> Result<Usual> {
        self.masking.check(task)?;
        let steps = if task == Task::Text { 28 } else { 50 };
        Ok(Usual { steps, guidance: 7.0, strength: 0.6 })
    }

    fn usual_size(&self) -> [usize; 2] {
        [self.transformer.config().sample_size * self.vae.config().reduction(); 2]
    }

    fn start(&self, init: &Init, steps: usize) -> Result<Start> {
        init.left_out_steps(steps)
    }

    fn prepare(
        &self,
        init: &Init,
        size: [usize; 2],
        decoding: Decoding,
        device: &Device,
    ) -> Result<Prepared> {
        self.masking.check(init.task())?;
        let encoding = Encoding { vae: &self.vae, decoding, device };
        let known = Known::new(&encoding, init, size, self.masking)?;
        Ok(Prepared::Latents(known))
    }

    fn merge(mut self: Box<Self>, merge: &mut Merge<'_>) -> Result<Box<dyn TextToImage>> {
        self.transformer =
            self.transformer.changed(|network| merge.apply(Part::Denoiser, network))?;
        let [first, second] = self.clips;
        self.clips = [
            first.changed(|network| merge.apply(Part::Text(1), network))?,
            second.changed(|network| merge.apply(Part::Text(2), network))?,
        ];
        if let Some(t5) = self.t5 {
            let model = t5.model.changed(|network| merge.apply(Part::Text(3), network))?;
            self.t5 = Some(T5 { model, ..t5 });
        }
        Ok(self)
    }

    fn clips(&mut self) -> Vec<(Part, &mut Clip)> {
        let [first, second] = &mut self.clips;
        vec![(Part::Text(1), first), (Part::Text(2), second)]
    }

    fn latents(&self) -> Latents {
        Latents::StableDiffusion3
    }

    fn draw(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples> {
        let (shape, guidance) = (self.latent_shape(job.size)?, Guidance::new(job)?);
        sampling::plain_words(job, "Stable Diffusion 3")?;
        let prompt = job.prompts.get(index).map(String::as_str).unwrap_or_default();
        let told = self.embed(prompt, job.clip_skip, device, note)?;
        let told = self.branches(job, told, device)?;
        if job.is_last(index) {
            self.clips.iter().for_each(|clip| clip.model.release());
            self.t5.iter().for_each(|t5| t5.model.release());
            self.vae.release();
        }
        let course = sampling::course(job, index, shape, device);
        let (begun, noise) = course.begin()?;
        let (transformer, beside) = (self.transformer.get()?, begun.told.clone());
        let network = Guided { transformer, told, guidance, beside };
        let latents = course.walk((begun, noise), &network, observer)?;
        drop(network);
        if job.is_last(index) {
            self.transformer.release();
        }
        let seen = self.as_decoded(job, latents.clone());
        let picture = sampling::decode(&self.vae, seen, job.decoding)?;
        Ok(Samples { latents, picture })
    }
}

impl StableDiffusion3 {
    /// The latents that the picture is made of.
    ///
    /// Known bug: with a mask diffusers forgets the autoencoder's shift, which the fixed mode does not.
    fn as_decoded(&self, job: &Job, latents: Tensor<4>) -> Tensor<4> {
        let masked = matches!(&job.picture, Some(Prepared::Latents(known)) if known.is_masked());
        match (self.vae.config().shift_factor, job.mode) {
            (Some(shift), Mode::AsDiffusers) if masked => {
                latents - shift * self.vae.config().scaling_factor
            }
            _ => latents,
        }
    }

    /// Without guidance the prompt, with it the negative prompt before the prompt.
    fn branches(&self, job: &Job, told: Embedded, device: &Device) -> Result<Embedded> {
        if job.guidance <= 1.0 {
            return Ok(told);
        }
        // Python's pipeline leaves layers out for the prompt alone.
        let negative = job.negative.as_deref().unwrap_or_default();
        let negative = self.embed(negative, 0, device, &mut |_| {})?;
        Ok(Embedded {
            tokens: Tensor::cat(vec![negative.tokens, told.tokens], 0),
            pooled: Tensor::cat(vec![negative.pooled, told.pooled], 0),
        })
    }
}

/// The transformer with classifier-free guidance: both branches in one forward pass.
struct Guided {
    transformer: Arc<SD3Transformer2DModel>,
    told: Embedded,
    guidance: Guidance,
    /// What it sees beside the state, `[1, K, h, w]`, where it was trained to.
    beside: Option<Tensor<4>>,
}

impl Network<Tensor<4>> for Guided {
    fn output(
        &self,
        x: &Tensor<4>,
        _: Level,
        timestep: f64,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        let seen = sampling::seen(x, self.beside.as_ref());
        let inputs = SD3Inputs {
            sample: sampling::branches(&seen, self.told.tokens.dims()[0]),
            timestep: Tensor::from_floats([timestep as f32], &x.device()),
            encoder_hidden_states: self.told.tokens.clone(),
            pooled_projections: self.told.pooled.clone(),
        };
        let output = self
            .transformer
            .try_forward(inputs)
            .map_err(|error| langevin_schedulers::Error::Network(error.to_string()))?;
        self.guidance.mix(output)
    }
}
