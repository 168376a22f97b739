//! What every pipeline that draws pictures from prompts, or from pictures, can do, whatever its networks.

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_schedulers::{Plan, Request, Start};
use langevin_weights::folder::Pipeline;
use langevin_weights::lora::Part;

use crate::merge::Merge;
use crate::text::Clip;
use crate::{
    Decoding, Error, Flux, Init, Job, Latents, Prepared, Progress, Result, Samples, Task, Usual,
};
use crate::{StableDiffusion, StableDiffusion3, flux, stable_diffusion, stable_diffusion_3};

/// The classes of `model_index.json` that are run.
const CLASS_NAMES: &[&[&str]] =
    &[stable_diffusion::CLASS_NAMES, stable_diffusion_3::CLASS_NAMES, flux::CLASS_NAMES];

/// A pipeline with its networks, and what Python's pipeline of its class takes where nobody says.
pub trait TextToImage: std::fmt::Debug {
    /// What is worth saying about the folder.
    fn notes(&self) -> &[String];

    /// What Python's pipeline for this task takes where nobody says.
    ///
    /// # Errors
    /// Where the networks are not made for the task.
    fn usual(&self, task: Task) -> Result<Usual>;

    /// Height and width in pixels.
    fn usual_size(&self) -> [usize; 2];

    /// Height and width in pixels of what is made of a picture.
    fn size_from(&self, init: &Init) -> [usize; 2] {
        let _ = init;
        self.usual_size()
    }

    /// The steps of the folder's scheduler for pictures of this size.
    ///
    /// # Errors
    /// Where the scheduler cannot make them.
    fn plan(&self, task: Task, request: &Request, size: [usize; 2]) -> Result<Plan>;

    /// The shape `[C, h, w]` of the latents of pictures of this size.
    ///
    /// # Errors
    /// Where the networks cannot draw pictures of this size.
    fn latent_shape(&self, size: [usize; 2]) -> Result<[usize; 3]>;

    /// Where the way from a picture begins.
    ///
    /// # Errors
    /// Where no step is left.
    fn start(&self, init: &Init, steps: usize) -> Result<Start>;

    /// A picture as the networks see it, for pictures of this size, read as they are made.
    ///
    /// # Errors
    /// Where the picture does not fit them.
    fn prepare(
        &self,
        init: &Init,
        size: [usize; 2],
        decoding: Decoding,
        device: &Device,
    ) -> Result<Prepared>;

    /// The pipeline with low-rank changes merged into its networks; see [`merge_lora`](crate::merge_lora).
    ///
    /// # Errors
    /// Where a change does not fit, or its file cannot be read.
    fn merge(self: Box<Self>, merge: &mut Merge<'_>) -> Result<Box<dyn TextToImage>>;

    /// The CLIP text encoders, by the component that they are.
    fn clips(&mut self) -> Vec<(Part, &mut Clip)>;

    /// Which latents it works in, for previews.
    fn latents(&self) -> Latents;

    /// Draws picture `index` of a job; `observer` is told of each state and may end the run, `note` of what was cut.
    ///
    /// # Errors
    /// Where the job does not fit the networks, or the observer ends it.
    ///
    /// # Panics
    /// Where `index` is not below the number of seeds.
    fn draw(
        &self,
        job: &Job,
        index: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Samples>;
}

/// The classes of pipelines that [`text_to_image`] runs.
pub fn classes_from_text() -> impl Iterator<Item = &'static str> {
    CLASS_NAMES.iter().flat_map(|names| names.iter().copied())
}

/// Whether [`text_to_image`] runs pipelines of this class.
pub fn draws_from_text(class: &str) -> bool {
    CLASS_NAMES.iter().any(|names| names.contains(&class))
}

/// Whether pipelines of this class are told in words what to draw.
pub fn reads_prompts(class: &str) -> bool {
    class != stable_diffusion::VARIATION
}

/// Reads a pipeline of any class that draws pictures from prompts.
///
/// # Errors
/// Where the class is another, or a component is missing, damaged or of a class that is not run.
pub fn text_to_image(pipeline: &Pipeline, device: &Device) -> Result<Box<dyn TextToImage>> {
    let class = pipeline.index().class_name().unwrap_or("none");
    if stable_diffusion_3::CLASS_NAMES.contains(&class) {
        return Ok(Box::new(StableDiffusion3::load(pipeline, device)?));
    }
    if flux::CLASS_NAMES.contains(&class) {
        return Ok(Box::new(Flux::load(pipeline, device)?));
    }
    if stable_diffusion::CLASS_NAMES.contains(&class) {
        return Ok(Box::new(StableDiffusion::load(pipeline, device)?));
    }
    Err(Error::Class {
        path: pipeline.folder().to_owned(),
        class: class.to_owned(),
        known: CLASS_NAMES.concat().join(", "),
    })
}
