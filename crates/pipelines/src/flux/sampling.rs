//! The loop: noise, the scheduler's steps with the transformer, the autoencoder's picture.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use langevin_core::Level;
use langevin_nn::{FluxInputs, FluxTransformer2DModel};
use langevin_schedulers::{Levels, Network, Plan, Request, Start};
use langevin_weights::lora::Part;

use super::packing::{pack, places, unpack};
use super::{AXES, Flux, T5_LENGTH};
use crate::known::{Encoding, Masking};
use crate::merge::Merge;
use crate::text::Clip;
use crate::{
    Decoding, Error, Init, Job, Known, Latents, Prepared, Progress, Result, Samples, Task,
    TextToImage, Usual, sampling,
};

/// Latents along the side of a picture of the usual size.
const USUAL_SIDE: usize = 128;

impl TextToImage for Flux {
    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn plan(&self, _: Task, request: &Request, size: [usize; 2]) -> Result<Plan> {
        let [_, height, width] = self.latent_shape(size)?;
        let mu = self.scheduler.resolution_shift((height / 2) * (width / 2))?;
        Ok(Plan::new(&self.scheduler, &Request { mu, levels: Levels::Whole, ..*request })?)
    }

    fn latent_shape(&self, size: [usize; 2]) -> Result<[usize; 3]> {
        let config = self.vae.config();
        sampling::latent_shape(
            size,
            config.latent_channels,
            config.reduction(),
            2 * config.reduction(),
        )
    }

    fn usual(&self, task: Task) -> Result<Usual> {
        let guidance = if task == Task::Text { 3.5 } else { 7.0 };
        Ok(Usual { steps: 28, guidance, strength: 0.6 })
    }

    fn usual_size(&self) -> [usize; 2] {
        [USUAL_SIDE * self.vae.config().reduction(); 2]
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
        let encoding = Encoding { vae: &self.vae, decoding, device };
        let known = Known::new(&encoding, init, size, Masking::Kept)?;
        Ok(Prepared::Latents(known.at_first_level()))
    }

    fn merge(mut self: Box<Self>, merge: &mut Merge<'_>) -> Result<Box<dyn TextToImage>> {
        self.transformer =
            self.transformer.changed(|network| merge.apply(Part::Denoiser, network))?;
        self.clip = self.clip.changed(|network| merge.apply(Part::Text(1), network))?;
        self.t5.model = self.t5.model.changed(|network| merge.apply(Part::Text(2), network))?;
        Ok(self)
    }

    fn clips(&mut self) -> Vec<(Part, &mut Clip)> {
        vec![(Part::Text(1), &mut self.clip)]
    }

    fn latents(&self) -> Latents {
        Latents::Flux
    }

    fn draw(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples> {
        let shape = self.latent_shape(job.size)?;
        sampling::plain_words(job, "Flux")?;
        if job.rescale != 0.0 {
            return Err(Error::Value {
                name: "the share of rescaling",
                found: job.rescale.to_string(),
                expected: "0, because Flux is told the scale of guidance and mixes nothing"
                    .to_owned(),
            });
        }
        if index == 0 {
            self.unread(job).into_iter().for_each(&mut *note);
        }
        let network = self.told(job, index, device, note)?;
        let latents = sampling::latents(job, index, shape, &network, device, observer)?;
        drop(network);
        if job.is_last(index) {
            self.transformer.release();
        }
        let picture = sampling::decode(&self.vae, latents.clone(), job.decoding)?;
        Ok(Samples { latents, picture })
    }
}

impl Flux {
    /// What a job asks for that this pipeline does not know.
    fn unread(&self, job: &Job) -> Vec<String> {
        let mut notes = Vec::new();
        if job.negative.is_some() {
            notes.push("the negative prompt is not read: Flux knows the prompt alone".to_owned());
        }
        if job.clip_skip > 0 {
            notes.push("no layer of CLIP is left out: Flux reads the prompt as a whole".to_owned());
        }
        notes
    }

    /// The transformer, told the prompt of picture `index`.
    fn told(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
    ) -> Result<Told> {
        let prompt = job.prompts.get(index).map(String::as_str).unwrap_or_default();
        let clip = self.clip.read(prompt, device, &mut |cut| {
            note(format!("the prompt is too long for CLIP; cut off: \"{cut}\""));
        })?;
        let tokens = self.t5.read(prompt, T5_LENGTH, device, &mut |cut| {
            note(format!("the prompt is too long for T5; cut off: \"{cut}\""));
        })?;
        if job.is_last(index) {
            self.clip.model.release();
            self.t5.model.release();
            self.vae.release();
        }
        let embedded = self.transformer.config().guidance_embeds;
        Ok(Told {
            transformer: self.transformer.get()?,
            tokens,
            pooled: clip.pooled,
            guidance: embedded.then(|| Tensor::from_floats([job.guidance as f32], device)),
        })
    }
}

/// The transformer with what it is told.
struct Told {
    transformer: Arc<FluxTransformer2DModel>,
    /// T5's tokens `[1, S, C]`.
    tokens: Tensor<3>,
    /// CLIP's whole `[1, P]`.
    pooled: Tensor<2>,
    guidance: Option<Tensor<1>>,
}

impl Network<Tensor<4>> for Told {
    fn output(
        &self,
        x: &Tensor<4>,
        _: Level,
        timestep: f64,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        let (device, [_, _, h, w]) = (x.device(), x.dims());
        let inputs = FluxInputs {
            sample: pack(x.clone()),
            timestep: Tensor::from_floats([timestep as f32 / 1000.0], &device),
            encoder_hidden_states: self.tokens.clone(),
            pooled_projections: self.pooled.clone(),
            img_ids: places([h, w], &device),
            txt_ids: Tensor::zeros([self.tokens.dims()[1], AXES], &device),
            guidance: self.guidance.clone(),
        };
        let output = self
            .transformer
            .try_forward(inputs)
            .map_err(|error| langevin_schedulers::Error::Network(error.to_string()))?;
        Ok(unpack(output, [h, w]))
    }
}
