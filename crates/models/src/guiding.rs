//! How a model's two estimates, with the class and without, become one: the forms of guidance, and what keeps the result
//! within the range of pictures.

use burn::tensor::Tensor;
use langevin_core::guidance::{
    AdaptiveProjected, ClassifierFree, Clip, DynamicThreshold, Interval, Rescale,
};
use langevin_core::{Denoiser, Level};

use crate::{Model, ModelBranches, ModelDenoiser, Result, SampleConfig};

/// How guided and plain estimate are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mixing {
    /// Classifier-free guidance as it is (Ho and Salimans 2022).
    #[default]
    Plain,
    /// Brought back to the plain output's standard deviation by this share (Lin et al. 2024).
    Rescaled(f64),
    /// With this share of the part along the plain estimate (Sadat, Hilliges and Weber 2024); 0 in the paper.
    Projected(f64),
}

/// What each clean estimate is kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Bounds {
    /// Nothing.
    #[default]
    Free,
    /// Clamped to −1 to 1 (Ho et al. 2020).
    Clipped,
    /// Divided by this quantile of its absolute numbers, where that is above 1 (Saharia et al. 2022).
    Dynamic(f64),
}

/// The model's denoiser, guided where the scale is not 1, inside its interval, its estimates within their bounds.
pub(crate) fn guided<'a>(
    model: &'a Model,
    labels: Option<&'a [u32]>,
    config: &SampleConfig,
) -> Result<Box<dyn Denoiser<Tensor<4>> + 'a>> {
    let conditional = ModelDenoiser::new(model, labels);
    if config.guidance == 1.0 {
        return bounded(conditional, config.bounds);
    }
    let branches = ModelBranches::new(model, [labels, None]);
    let scale = config.guidance;
    let mixed = match config.mixing {
        Mixing::Plain => Mixed::Plain(ClassifierFree::of(branches, scale)),
        Mixing::Rescaled(phi) => {
            Mixed::Rescaled(Rescale::new(branches, model.config.prediction, scale, phi)?)
        }
        Mixing::Projected(parallel) => {
            Mixed::Projected(AdaptiveProjected::new(branches, scale, parallel, f64::INFINITY)?)
        }
    };
    let [low, high] = config.guidance_interval;
    bounded(Interval::new(mixed, conditional, low, high)?, config.bounds)
}

/// Estimates within their bounds.
fn bounded<'a>(
    denoiser: impl Denoiser<Tensor<4>> + 'a,
    bounds: Bounds,
) -> Result<Box<dyn Denoiser<Tensor<4>> + 'a>> {
    Ok(match bounds {
        Bounds::Free => Box::new(denoiser),
        Bounds::Clipped => Box::new(Clip::new(denoiser, |x: Tensor<4>| x.clamp(-1.0, 1.0))),
        Bounds::Dynamic(quantile) => {
            Box::new(DynamicThreshold::new(denoiser, quantile, f64::INFINITY)?)
        }
    })
}

/// One of the forms.
enum Mixed<'a> {
    Plain(ClassifierFree<Tensor<4>, ModelBranches<'a, 2>>),
    Rescaled(Rescale<Tensor<4>, ModelBranches<'a, 2>>),
    Projected(AdaptiveProjected<Tensor<4>, ModelBranches<'a, 2>>),
}

impl Denoiser<Tensor<4>> for Mixed<'_> {
    fn denoise(&self, x: &Tensor<4>, at: Level) -> langevin_core::Result<Tensor<4>> {
        match self {
            Self::Plain(form) => form.denoise(x, at),
            Self::Rescaled(form) => form.denoise(x, at),
            Self::Projected(form) => form.denoise(x, at),
        }
    }
}
