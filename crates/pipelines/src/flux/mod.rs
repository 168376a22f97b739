//! Flux (Black Forest Labs 2024): a transformer on the straight path from noise to the latents of an autoencoder, two by
//! two of them to a token, told the prompt by T5 and as a whole by CLIP.

mod packing;
mod sampling;

use burn::tensor::Device;
use langevin_nn::{AutoencoderKLConfig, FluxConfig};
use langevin_schedulers::Config;
use langevin_weights::folder::Pipeline;

use crate::load::{expect_class, has, scheduler};
use crate::text::{Clip, T5};
use crate::{Error, OnDemand, Result};

/// The pipelines that are run, by the class in `model_index.json`.
pub const CLASS_NAMES: &[&str] = &["FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline"];

/// The schedulers that go with it: those that take noise levels from their caller.
const SCHEDULERS: &[&str] = &["FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler"];

/// Tokens that T5 reads.
const T5_LENGTH: usize = 512;

/// Rows, columns and one more: the axes of a token's place.
const AXES: usize = 3;

/// A pipeline with its networks.
#[derive(Debug)]
pub struct Flux {
    transformer: OnDemand<FluxConfig>,
    vae: OnDemand<AutoencoderKLConfig>,
    clip: Clip,
    t5: T5,
    scheduler: Config,
    notes: Vec<String>,
}

impl Flux {
    /// Opens a pipeline's components; their numbers are read when they are needed.
    ///
    /// # Errors
    /// Where the class is another, a component is missing, damaged or of a class that is not run, or two of them do not
    /// fit together.
    pub fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        expect_class(pipeline, CLASS_NAMES)?;
        let scheduler = scheduler(pipeline, SCHEDULERS)?;
        let clip = Clip::load(pipeline, ["text_encoder", "tokenizer"], device)?;
        let t5 = T5::load(pipeline, ["text_encoder_2", "tokenizer_2"], device)?;
        let transformer = OnDemand::<FluxConfig>::open(pipeline.component("transformer")?, device)?;
        let vae = OnDemand::<AutoencoderKLConfig>::open(pipeline.component("vae")?, device)?;
        let mut notes = scheduler.warnings();
        if has(pipeline, "image_encoder") {
            notes.push("the component image_encoder is not used".to_owned());
        }
        let pipe = Self { transformer, vae, clip, t5, scheduler, notes };
        pipe.check()
            .map_err(|reason| Error::Component { path: pipeline.folder().to_owned(), reason })?;
        Ok(pipe)
    }

    /// Whether the components fit together.
    fn check(&self) -> Result<(), String> {
        let config = self.transformer.config();
        let (latents, channels) = (self.vae.config().latent_channels, config.in_channels);
        if channels != 4 * latents || config.outputs() != channels {
            return Err(format!(
                "the transformer goes from {channels} to {} channels, but two by two of the autoencoder's {latents} are \
                 {}",
                config.outputs(),
                4 * latents
            ));
        }
        let axes = config.axes_dims_rope.len();
        if axes != AXES {
            return Err(format!(
                "the transformer knows places of {axes} axes, but they have {AXES}"
            ));
        }
        let (dim, width) = (config.joint_attention_dim, self.t5.width());
        if width != dim {
            return Err(format!(
                "text_encoder_2 makes {width} numbers for each token, but the transformer takes {dim}"
            ));
        }
        let (dim, width) = (config.pooled_projection_dim, self.clip.model.config().hidden_size);
        if width != dim {
            return Err(format!(
                "text_encoder makes {width} numbers for a prompt, but the transformer takes {dim}"
            ));
        }
        Ok(())
    }
}
