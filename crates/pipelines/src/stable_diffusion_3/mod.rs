//! Stable Diffusion 3 and 3.5 (Esser et al. 2024): a transformer on the straight path from noise to the latents of an
//! autoencoder, told the prompt by two CLIP text encoders and, where the folder has it, T5.

mod prompt;
mod sampling;

use burn::tensor::Device;
use langevin_nn::{AutoencoderKLConfig, SD3Config};
use langevin_schedulers::Config;
use langevin_weights::folder::Pipeline;

use crate::known::Masking;
use crate::load::{expect_class, has, scheduler};
use crate::text::{Clip, T5};
use crate::{Error, OnDemand, Result};

/// The pipelines that are run, by the class in `model_index.json`.
pub const CLASS_NAMES: &[&str] = &[
    "StableDiffusion3Pipeline",
    "StableDiffusion3Img2ImgPipeline",
    "StableDiffusion3InpaintPipeline",
];

/// The schedulers that go with it.
const SCHEDULERS: &[&str] =
    &["FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler", "FlowMatchLCMScheduler"];

/// Tokens that T5 reads.
const T5_LENGTH: usize = 256;

/// A pipeline with its networks.
#[derive(Debug)]
pub struct StableDiffusion3 {
    transformer: OnDemand<SD3Config>,
    vae: OnDemand<AutoencoderKLConfig>,
    clips: [Clip; 2],
    t5: Option<T5>,
    scheduler: Config,
    /// What a mask means to the transformer.
    masking: Masking,
    notes: Vec<String>,
}

impl StableDiffusion3 {
    /// Opens a pipeline's components; their numbers are read when they are needed.
    ///
    /// # Errors
    /// Where the class is another, a component is missing, damaged or of a class that is not run, or two of them do not
    /// fit together.
    pub fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        expect_class(pipeline, CLASS_NAMES)?;
        let scheduler = scheduler(pipeline, SCHEDULERS)?;
        let clips = [
            Clip::load(pipeline, ["text_encoder", "tokenizer"], device)?,
            Clip::load(pipeline, ["text_encoder_2", "tokenizer_2"], device)?,
        ];
        let t5 = has(pipeline, "text_encoder_3")
            .then(|| T5::load(pipeline, ["text_encoder_3", "tokenizer_3"], device))
            .transpose()?;
        let transformer = OnDemand::<SD3Config>::open(pipeline.component("transformer")?, device)?;
        let vae = OnDemand::<AutoencoderKLConfig>::open(pipeline.component("vae")?, device)?;
        let mut notes = scheduler.warnings();
        if t5.is_none() {
            notes.push("there is no third text encoder: long prompts are cut off".to_owned());
        }
        if has(pipeline, "image_encoder") {
            notes.push("the component image_encoder is not used".to_owned());
        }
        let refused = |reason| Error::Component { path: pipeline.folder().to_owned(), reason };
        let masking = masking(transformer.config(), vae.config()).map_err(refused)?;
        let pipe = Self { transformer, vae, clips, t5, scheduler, masking, notes };
        pipe.check().map_err(refused)?;
        Ok(pipe)
    }

    /// Whether the components fit together.
    fn check(&self) -> Result<(), String> {
        let dim = self.transformer.config().joint_attention_dim;
        let width: usize = self.clips.iter().map(|clip| clip.model.config().hidden_size).sum();
        if width > dim {
            return Err(format!(
                "the CLIP text encoders make {width} numbers for each token, but the transformer takes {dim}"
            ));
        }
        if let Some(t5) = self.t5.as_ref().filter(|t5| t5.width() != dim) {
            let width = t5.width();
            return Err(format!(
                "text_encoder_3 makes {width} numbers for each token, but the transformer takes {dim}"
            ));
        }
        if !self.clips.iter().all(|clip| clip.model.config().projects()) {
            return Err("a CLIP text encoder has no projection".to_owned());
        }
        let [first, second] = self.clips.each_ref().map(|clip| clip.tokenizer.length());
        if first != second {
            return Err(format!("one tokenizer makes {first} tokens, the other {second}"));
        }
        Ok(())
    }
}

/// What a mask means to a transformer, by the channels that it takes beside those of the latents.
fn masking(config: &SD3Config, vae: &AutoencoderKLConfig) -> Result<Masking, String> {
    let (latents, channels) = (vae.latent_channels, config.in_channels);
    let masking = Masking::of(channels, latents).filter(|_| config.outputs() == latents);
    masking.ok_or_else(|| {
        format!(
            "the transformer goes from {channels} to {} channels, but the autoencoder gives {latents}",
            config.outputs()
        )
    })
}
