//! Stable Diffusion 1, 2 and XL (Rombach et al. 2022; Podell et al. 2024): a U-Net in the latents of an autoencoder, told
//! the prompt by one or two text encoders.

mod guidance_embedding;
mod merge;
mod prompt;
mod sampling;
mod weighted;

use burn::tensor::Device;
use langevin_nn::{
    AutoencoderKL, AutoencoderKLConfig, UNet2DConditionConfig, UNet2DConditionModel,
};
use langevin_schedulers::Config;
use langevin_weights::folder::Pipeline;

use crate::load::{expect_class, load};
use crate::text::Clip;
use crate::{Error, Latents, Result};

/// The pipelines that are run, by the class in `model_index.json`.
pub const CLASS_NAMES: &[&str] =
    &["StableDiffusionPipeline", "StableDiffusionXLPipeline", "LatentConsistencyModelPipeline"];

/// How the text encoders are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One encoder, its last states behind the final normalisation.
    Last,
    /// One or two encoders side by side, their states before the last layer, and the pooled text of the last encoder.
    Penultimate,
}

/// A pipeline with its networks.
#[derive(Debug)]
pub struct StableDiffusion {
    pub(crate) unet: UNet2DConditionModel,
    pub(crate) vae: AutoencoderKL,
    pub(crate) texts: Vec<Clip>,
    pub(crate) reading: Reading,
    /// Whether no negative prompt means zeros instead of the empty prompt.
    pub(crate) zeros: bool,
    /// Whether it is a latent consistency model, which needs few steps.
    lcm: bool,
    scheduler: Config,
    notes: Vec<String>,
}

impl StableDiffusion {
    /// Reads a pipeline's components.
    ///
    /// # Errors
    /// Where the class is another, or a component is missing, damaged or of a class that is not run.
    pub fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        let refused =
            |reason: String| Error::Component { path: pipeline.folder().to_owned(), reason };
        let class = expect_class(pipeline, CLASS_NAMES)?;
        let xl = class == "StableDiffusionXLPipeline";
        let present: Vec<&str> = pipeline
            .components()
            .filter_map(|(name, class)| class.is_some().then_some(name))
            .collect();
        let mut texts = Vec::new();
        for (encoder, tokenizer) in
            [("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")]
        {
            if !present.contains(&encoder) {
                continue;
            }
            texts.push(Clip::load(pipeline, [encoder, tokenizer], device)?);
        }
        if texts.is_empty() {
            return Err(refused("there is no text encoder".to_owned()));
        }
        let (_, unet) = load::<UNet2DConditionConfig>(&pipeline.component("unet")?, device)?;
        let (_, vae) = load::<AutoencoderKLConfig>(&pipeline.component("vae")?, device)?;
        let (latents, channels) = (vae.config().latent_channels, unet.config().in_channels);
        if channels != latents {
            return Err(refused(format!(
                "the U-Net takes {channels} channels and the autoencoder gives {latents}: a U-Net for inpainting or \
                 instructions, which is not run"
            )));
        }
        let scheduler = Config::new(pipeline.component("scheduler")?.config().clone())?;
        let mut notes = scheduler.warnings();
        if present.contains(&"safety_checker") {
            notes.push("the safety checker is not run: pictures are not looked at".to_owned());
        }
        for name in ["image_encoder", "feature_extractor"] {
            if name == "image_encoder" && present.contains(&name) {
                notes.push(format!("the component {name} is not used"));
            }
        }
        let zeros = pipeline.index().get_or("force_zeros_for_empty_prompt", true)?;
        Ok(Self {
            unet,
            vae,
            texts,
            reading: if xl { Reading::Penultimate } else { Reading::Last },
            zeros: xl && zeros,
            lcm: class == "LatentConsistencyModelPipeline",
            scheduler,
            notes,
        })
    }

    /// What is worth saying about the folder.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The folder's scheduler.
    pub fn scheduler(&self) -> &Config {
        &self.scheduler
    }

    /// Pixels along a side for each latent.
    pub fn reduction(&self) -> usize {
        self.vae.config().reduction()
    }

    /// Height and width in pixels that the U-Net was trained on.
    pub fn usual_size(&self) -> [usize; 2] {
        let sides = self.unet.config().sample_size.map_or([64; 2], langevin_nn::SampleSize::sides);
        sides.map(|side| side * self.reduction())
    }

    /// Which latents it works in.
    pub fn latents(&self) -> Latents {
        match self.reading {
            Reading::Last => Latents::StableDiffusion,
            Reading::Penultimate => Latents::Xl,
        }
    }

    /// The steps that Python's pipeline of this class takes where nobody says how many.
    pub fn usual_steps(&self) -> usize {
        if self.lcm { 4 } else { 50 }
    }

    /// The guidance scale that Python's pipeline of this class takes where nobody says which.
    pub fn usual_guidance(&self) -> f64 {
        match self.reading {
            Reading::Last if self.unet.config().time_cond_proj_dim.is_some() => 8.5,
            Reading::Last => 7.5,
            Reading::Penultimate => 5.0,
        }
    }
}
