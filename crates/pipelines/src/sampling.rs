//! What the pipelines that draw from prompts share: the course of a job, guidance, sizes.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use langevin_core::State;
use langevin_core::guidance::rescaled;
use langevin_nn::AutoencoderKLConfig;
use langevin_nn::autoencoder_kl::Tiling;
use langevin_schedulers::Network;

use crate::course::Course;
use crate::{Decoding, Error, Job, OnDemand, Prepared, Progress, Result, Wording};

/// The course of picture `index`; `shape` is `[C, h, w]`.
pub(crate) fn course<'a>(
    job: &'a Job,
    index: usize,
    shape: [usize; 3],
    device: &'a Device,
) -> Course<'a> {
    let known = match &job.picture {
        Some(Prepared::Latents(known)) => Some(known),
        Some(Prepared::Embedding(_)) | None => None,
    };
    Course {
        plan: &job.plan,
        rng: job.rng,
        seeds: &job.seeds,
        start: job.start.as_deref(),
        known,
        index,
        shape,
        device,
    }
}

/// The last latents `[1, C, h, w]` of picture `index` by a network that is told nothing of where the way starts.
pub(crate) fn latents(
    job: &Job,
    index: usize,
    shape: [usize; 3],
    network: &dyn Network<Tensor<4>>,
    device: &Device,
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Tensor<4>> {
    let course = course(job, index, shape, device);
    course.walk(course.begin()?, network, observer)
}

/// The picture of a diffusion model's latents.
pub(crate) fn decode(
    vae: &OnDemand<AutoencoderKLConfig>,
    latents: Tensor<4>,
    decoding: Decoding,
) -> Result<Tensor<4>> {
    let latents = vae.config().from_diffusion(latents);
    let vae = vae.get()?;
    Ok(match decoding {
        Decoding::Whole => vae.decode(latents)?,
        Decoding::Tiles => vae.decode_tiled(latents, &Tiling::new(vae.config())?)?,
    })
}

/// Refuses weights in prompts for a pipeline that reads them with T5: it was never trained on weighted states, and reads
/// long prompts anyway.
pub(crate) fn plain_words(job: &Job, pipeline: &str) -> Result<()> {
    if job.wording == Wording::Plain {
        return Ok(());
    }
    Err(Error::Value {
        name: "the way to read prompts",
        found: "by weights and chunks".to_owned(),
        expected: format!("plain, because {pipeline} reads them with T5"),
    })
}

/// What a network sees: the state `[1, C, h, w]`, and beside it what it is told of the picture.
pub(crate) fn seen(x: &Tensor<4>, beside: Option<&Tensor<4>>) -> Tensor<4> {
    match beside {
        Some(beside) => Tensor::cat(vec![x.clone(), beside.clone()], 1),
        None => x.clone(),
    }
}

/// The state `[1, C, h, w]` once for each branch of guidance.
pub(crate) fn branches(x: &Tensor<4>, count: usize) -> Tensor<4> {
    if count == 1 { x.clone() } else { Tensor::cat(vec![x.clone(); count], 0) }
}

/// Classifier-free guidance (Ho and Salimans 2022) with rescaling (Lin et al. 2024, eqs. 14–16).
#[derive(Clone, Copy)]
pub(crate) struct Guidance {
    scale: f64,
    /// Share of rescaling.
    rescale: f64,
}

impl Guidance {
    /// What a job asks for.
    ///
    /// # Errors
    /// Where the share of rescaling is not between 0 and 1.
    pub(crate) fn new(job: &Job) -> Result<Self> {
        if (0.0..=1.0).contains(&job.rescale) {
            return Ok(Self { scale: job.guidance, rescale: job.rescale });
        }
        Err(Error::Value {
            name: "the share of rescaling",
            found: job.rescale.to_string(),
            expected: "between 0 and 1".to_owned(),
        })
    }

    /// `scale · with + (1 − scale) · without`, of an output `[2, C, h, w]` without and with the prompt, rescaled; the
    /// output itself where there is one branch.
    pub(crate) fn mix(self, output: Tensor<4>) -> langevin_schedulers::Result<Tensor<4>> {
        if output.dims()[0] == 1 {
            return Ok(output);
        }
        let (without, with) = (output.clone().narrow(0, 0, 1), output.narrow(0, 1, 1));
        let guided = State::combine(&[(self.scale, &with), (1.0 - self.scale, &without)])?;
        Ok(if self.rescale == 0.0 { guided } else { rescaled(&guided, &with, self.rescale)? })
    }
}

/// The longest side of a picture in pixels.
const LARGEST: usize = 16384;

/// The shape `[C, h, w]` of the latents of pictures of this size, whose sides are multiples of `unit` pixels, `reduction`
/// of them for each latent.
///
/// # Errors
/// Where a side is 0 or no multiple.
pub(crate) fn latent_shape(
    [height, width]: [usize; 2],
    channels: usize,
    reduction: usize,
    unit: usize,
) -> Result<[usize; 3]> {
    let fits = |side: usize| (unit..=LARGEST).contains(&side) && side.is_multiple_of(unit);
    if !fits(height) || !fits(width) {
        return Err(Error::Value {
            name: "the size",
            found: format!("{height} × {width}"),
            expected: format!("multiples of {unit} pixels, {LARGEST} at most"),
        });
    }
    Ok([channels, height / reduction, width / reduction])
}
