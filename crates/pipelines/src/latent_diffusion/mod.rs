//! Diffusion in the latents of an autoencoder without a text: `DiTPipeline`, pictures of a class by a transformer (Peebles
//! and Xie 2023), and `LDMPipeline`, pictures like those of the training by a U-Net (Rombach et al. 2022).

mod decoder;
mod denoiser;
mod job;
mod sampling;

use std::collections::BTreeMap;

use burn::tensor::Device;
use langevin_schedulers::{Config, Mode, Plan, Request};
use langevin_weights::folder::Pipeline;
use serde_json::Value;

pub use job::Job;

use self::decoder::Decoder;
use self::denoiser::Denoiser;
use crate::{Error, Result};

/// The pipelines that are run, by the class in `model_index.json`.
pub const CLASS_NAMES: &[&str] = &["DiTPipeline", "LDMPipeline", "LatentDiffusionUncondPipeline"];

/// A pipeline with its networks.
#[derive(Debug)]
pub struct LatentDiffusion {
    denoiser: Denoiser,
    decoder: Decoder,
    scheduler: Config,
    names: BTreeMap<u32, String>,
}

impl LatentDiffusion {
    /// Reads a pipeline's components.
    ///
    /// # Errors
    /// Where the class is another, a component is missing, damaged or of a class that is not run, or the parts do not fit.
    pub fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        let refused =
            |reason: String| Error::Component { path: pipeline.folder().to_owned(), reason };
        let class = pipeline.index().class_name().unwrap_or("none");
        if !CLASS_NAMES.contains(&class) {
            return Err(Error::Class {
                path: pipeline.folder().to_owned(),
                class: class.to_owned(),
                known: CLASS_NAMES.join(", "),
            });
        }
        let scheduler = Config::new(pipeline.component("scheduler")?.config().clone())?;
        let (denoiser, autoencoder) = if class == "DiTPipeline" {
            (Denoiser::transformer(&pipeline.component("transformer")?, device)?, "vae")
        } else {
            (Denoiser::u_net(&pipeline.component("unet")?, device)?, "vqvae")
        };
        let decoder = Decoder::load(&pipeline.component(autoencoder)?, device)?;
        let ([channels, ..], latents) = (denoiser.latent_shape(), decoder.channels());
        if channels != latents {
            return Err(refused(format!(
                "the network works on {channels} channels, but the autoencoder's latents have {latents}"
            )));
        }
        let names = class_names(pipeline.index().values().get("id2label"));
        Ok(Self { denoiser, decoder, scheduler, names })
    }

    /// What is worth saying about the folder.
    pub fn notes(&self) -> Vec<String> {
        self.scheduler.warnings()
    }

    /// How many classes there are; the number itself stands for no class. `None` where the pipeline knows no classes.
    pub fn classes(&self) -> Option<u32> {
        self.denoiser.classes()
    }

    /// What a class is called, where the folder says it.
    pub fn class_name(&self, class: u32) -> Option<&str> {
        self.names.get(&class).map(String::as_str)
    }

    /// The shape `[C, h, w]` of its latents.
    pub fn latent_shape(&self) -> [usize; 3] {
        self.denoiser.latent_shape()
    }

    /// The number of steps that Python's pipeline takes where nobody says how many.
    pub fn usual_steps(&self) -> usize {
        50
    }

    /// The guidance scale that Python's pipeline takes where nobody says which; 1 where there is nothing to guide to.
    pub fn usual_guidance(&self) -> f64 {
        if self.classes().is_some() { 4.0 } else { 1.0 }
    }

    /// The steps of the folder's scheduler, as the pipeline uses it: `DiTPipeline` does not scale the noise it starts from,
    /// and goes on from scaled states; `LDMPipeline` scales the noise before steps are set. [`Mode::Fixed`] mends that.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan(&self, request: &Request) -> Result<Plan> {
        let plan = Plan::new(&self.scheduler, request)?;
        Ok(match (request.mode, &self.denoiser) {
            (Mode::Fixed, _) => plan,
            (Mode::AsDiffusers, Denoiser::Transformer(_)) => plan.stepping_from_seen(),
            (Mode::AsDiffusers, Denoiser::UNet(..)) => plan.starting_as_trained(&self.scheduler),
        })
    }
}

/// Names by number from `{"0": "tench, Tinca tinca"}`; what is no such entry is no name.
fn class_names(labels: Option<&Value>) -> BTreeMap<u32, String> {
    let entry =
        |(key, name): (&String, &Value)| Some((key.parse().ok()?, name.as_str()?.to_owned()));
    labels.and_then(Value::as_object).into_iter().flatten().filter_map(entry).collect()
}
