//! Stable Diffusion 1, 2 and XL (Rombach et al. 2022; Podell et al. 2024): a U-Net in the latents of an autoencoder, told
//! the prompt by one or two text encoders.

mod guidance_embedding;
mod merge;
mod prompt;
mod sampling;
mod sight;
mod task;
mod weighted;

use burn::tensor::Device;
use langevin_nn::{AutoencoderKLConfig, UNet2DConditionConfig};
use langevin_schedulers::Config;
use langevin_weights::folder::Pipeline;

use crate::known::Masking;
use crate::load::expect_class;
use sight::Sight;

use crate::text::Clip;
use crate::{Error, Latents, OnDemand, Result};

/// The pipelines that are run, by the class in `model_index.json`.
pub const CLASS_NAMES: &[&str] = &[
    "StableDiffusionPipeline",
    "StableDiffusionImg2ImgPipeline",
    "StableDiffusionInpaintPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusionXLImg2ImgPipeline",
    "StableDiffusionXLInpaintPipeline",
    "LatentConsistencyModelPipeline",
    "LatentConsistencyModelImg2ImgPipeline",
    VARIATION,
];

/// The pipeline that is shown a picture instead of a prompt.
pub const VARIATION: &str = "StableDiffusionImageVariationPipeline";

/// The generations of pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 1 and 2.
    First,
    /// XL.
    Xl,
    /// A latent consistency model, which needs few steps.
    Lcm,
    /// One that is shown a picture instead of a prompt.
    Variation,
}

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
    pub(crate) unet: OnDemand<UNet2DConditionConfig>,
    pub(crate) vae: OnDemand<AutoencoderKLConfig>,
    pub(crate) texts: Vec<Clip>,
    pub(crate) sight: Option<Sight>,
    pub(crate) reading: Reading,
    /// Whether no negative prompt means zeros instead of the empty prompt.
    pub(crate) zeros: bool,
    pub(crate) kind: Kind,
    /// Whether the U-Net is told a mask.
    pub(crate) masking: Masking,
    /// Whether the U-Net is told how pleasing the picture shall be, as a refiner is.
    pub(crate) aesthetics: bool,
    scheduler: Config,
    notes: Vec<String>,
}

impl StableDiffusion {
    /// Opens a pipeline's components; their numbers are read when they are needed.
    ///
    /// # Errors
    /// Where the class is another, or a component is missing, damaged or of a class that is not run.
    pub fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        let refused =
            |reason: String| Error::Component { path: pipeline.folder().to_owned(), reason };
        let class = expect_class(pipeline, CLASS_NAMES)?;
        let kind = match class {
            class if class.starts_with("StableDiffusionXL") => Kind::Xl,
            class if class.starts_with("LatentConsistencyModel") => Kind::Lcm,
            VARIATION => Kind::Variation,
            _ => Kind::First,
        };
        let xl = kind == Kind::Xl;
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
        let sight = (kind == Kind::Variation).then(|| Sight::load(pipeline, device)).transpose()?;
        if texts.is_empty() && sight.is_none() {
            return Err(refused("there is no text encoder".to_owned()));
        }
        let unet = OnDemand::<UNet2DConditionConfig>::open(pipeline.component("unet")?, device)?;
        let vae = OnDemand::<AutoencoderKLConfig>::open(pipeline.component("vae")?, device)?;
        let (latents, channels) = (vae.config().latent_channels, unet.config().in_channels);
        let masking = Masking::of(channels, latents).ok_or_else(|| {
            refused(format!(
                "the U-Net takes {channels} channels and the autoencoder gives {latents}: a U-Net for \
                 instructions, depth or larger pictures, which is not run"
            ))
        })?;
        let scheduler = Config::new(pipeline.component("scheduler")?.config().clone())?;
        let mut notes = scheduler.warnings();
        if present.contains(&"safety_checker") {
            notes.push("the safety checker is not run: pictures are not looked at".to_owned());
        }
        for name in ["image_encoder", "feature_extractor"] {
            if name == "image_encoder" && present.contains(&name) && sight.is_none() {
                notes.push(format!("the component {name} is not used"));
            }
        }
        let zeros = pipeline.index().get_or("force_zeros_for_empty_prompt", true)?;
        Ok(Self {
            unet,
            vae,
            texts,
            sight,
            reading: if xl { Reading::Penultimate } else { Reading::Last },
            zeros: xl && zeros,
            kind,
            masking,
            aesthetics: xl && pipeline.index().get_or("requires_aesthetics_score", false)?,
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
}
