//! The loop: noise, the scheduler's steps with the guided U-Net, the autoencoder's picture.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::Level;
use langevin_nn::{Conditions, UNet2DConditionModel};
use langevin_schedulers::Network;

use super::guidance_embedding::embedding;
use super::prompt::Embedded;
use super::{Reading, StableDiffusion};
use crate::sampling::Guidance;
use crate::{Job, Prepared, Progress, Result, Samples, sampling};

impl StableDiffusion {
    /// The shape `[C, h, w]` of the latents of pictures of this size.
    ///
    /// # Errors
    /// Where a side is 0 or no multiple of the autoencoder's reduction.
    pub fn latent_shape(&self, size: [usize; 2]) -> Result<[usize; 3]> {
        let reduction = self.reduction();
        // The U-Net brings odd sizes back to what they were; the autoencoder cannot.
        sampling::latent_shape(size, self.vae.config().latent_channels, reduction, reduction)
    }

    /// Draws picture `index` of a job; `observer` is told of each state and may end the run, `note` of what was cut.
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
        note: &mut dyn FnMut(String),
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples> {
        let (shape, guidance) = (self.latent_shape(job.size)?, Guidance::new(job)?);
        let told = match &job.picture {
            Some(Prepared::Embedding(embedding)) => {
                Embedded { tokens: embedding.clone().unsqueeze_dim(1), pooled: None }
            }
            Some(Prepared::Latents(_)) | None => {
                let prompt = job.prompts.get(index).map(String::as_str).unwrap_or_default();
                let mut cut =
                    |text: &str| note(format!("the prompt is too long; cut off: \"{text}\""));
                self.embed((prompt, job.wording), job.clip_skip, device, &mut cut)?
            }
        };
        let course = sampling::course(job, index, shape, device);
        let (begun, noise) = course.begin()?;
        let conditions = self.conditions(job, told, device)?;
        if job.is_last(index) {
            self.texts.iter().for_each(|text| text.model.release());
            self.vae.release();
        }
        let (unet, beside) = (self.unet.get()?, begun.told.clone());
        let network = Guided { unet, conditions, guidance, beside };
        let latents = course.walk((begun, noise), &network, observer)?;
        drop(network);
        if job.is_last(index) {
            self.unet.release();
        }
        let picture = sampling::decode(&self.vae, latents.clone(), job.decoding)?;
        Ok(Samples { latents, picture })
    }

    /// What the U-Net is told: without guidance the prompt, with it the negative prompt before the prompt.
    fn conditions(&self, job: &Job, told: Embedded, device: &Device) -> Result<Conditions> {
        let config = self.unet.config();
        let distilled = config.time_cond_proj_dim;
        let both = if job.guidance > 1.0 && distilled.is_none() {
            let negative = match &job.negative {
                None if self.zeros || self.sight.is_some() => told.zeros_like(),
                text => {
                    // Python's pipelines leave layers out for the prompt alone.
                    let text = (text.as_deref().unwrap_or_default(), job.wording);
                    self.embed(text, 0, device, &mut |_| {})?
                }
            };
            let length = negative.tokens.dims()[1].max(told.tokens.dims()[1]);
            vec![
                self.filled_up(negative, length, 0, device)?,
                self.filled_up(told, length, job.clip_skip, device)?,
            ]
        } else {
            vec![told]
        };
        let count = both.len();
        let mut pooled = Vec::new();
        let mut tokens = Vec::new();
        for embedded in both {
            tokens.push(embedded.tokens);
            pooled.extend(embedded.pooled);
        }
        let mut conditions = Conditions::context(Tensor::cat(tokens, 0));
        if self.reading == Reading::Penultimate {
            conditions.text_embeds = Some(Tensor::cat(pooled, 0));
            conditions.time_ids = Some(self.time_ids(job.size, count, device));
        }
        conditions.timestep_cond =
            distilled.map(|dim| embedding(job.guidance, dim, device).expand([count, dim]));
        Ok(conditions)
    }
}

impl StableDiffusion {
    /// What the U-Net is told of the picture's making, one row for each of `count` branches, the last of which is the
    /// prompt's: original size, corner of the crop, and target size, or else how pleasing the picture shall be.
    fn time_ids(&self, size: [usize; 2], count: usize, device: &Device) -> Tensor<2> {
        /// Python's scores for the prompt and for the negative prompt.
        const SCORES: [f32; 2] = [6.0, 2.5];
        let [height, width] = size.map(|side| side as f32);
        let row = |branch: usize| {
            let mut row = vec![height, width, 0.0, 0.0];
            if self.aesthetics {
                row.push(SCORES[usize::from(branch + 1 < count)]);
            } else {
                row.extend([height, width]);
            }
            row
        };
        let ids: Vec<f32> = (0..count).flat_map(row).collect();
        let columns = ids.len() / count.max(1);
        Tensor::from_data(TensorData::new(ids, [count, columns]), device)
    }
}

/// The U-Net with classifier-free guidance: both branches in one forward pass, which shares what comes before the prompt.
struct Guided {
    unet: Arc<UNet2DConditionModel>,
    conditions: Conditions,
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
        let time = Tensor::<1>::from_floats([timestep as f32], &x.device());
        let seen = sampling::seen(x, self.beside.as_ref());
        let output = self
            .unet
            .forward(seen, time, &self.conditions)
            .map_err(|error| langevin_schedulers::Error::Network(error.to_string()))?;
        self.guidance.mix(output)
    }
}
