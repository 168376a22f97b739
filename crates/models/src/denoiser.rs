//! A model as the denoiser of a batch: the only step from "the network outputs `a · clean + b · noise`" to `E[clean | x]`.

use burn::tensor::Tensor;
use langevin_core::{Denoiser, Level, Schedule, State};

use crate::Model;

/// Denoises a batch whose images share one noise level, each with its own class (or the null class).
#[derive(Clone, Copy, Debug)]
pub struct ModelDenoiser<'a> {
    model: &'a Model,
    labels: Option<&'a [u32]>,
}

impl<'a> ModelDenoiser<'a> {
    /// `labels` has one class per image; `None` means the null class where the model has classes.
    pub fn new(model: &'a Model, labels: Option<&'a [u32]>) -> Self {
        Self { model, labels }
    }
}

impl ModelDenoiser<'_> {
    /// What a state at this level is multiplied by to be one on the schedule's curve, and the level there; beyond the
    /// schedule's ends both stay as they are.
    fn on_schedule(&self, at: Level) -> (f64, Level) {
        const ROUNDING: f64 = 1e-6;
        let schedule = &self.model.config.schedule;
        let there = schedule.level(schedule.time(at));
        let scale = there.alpha.hypot(there.sigma) / at.alpha.hypot(at.sigma);
        let beyond = (there.ratio() - at.ratio()).abs() > ROUNDING * at.ratio();
        if beyond || (scale - 1.0).abs() < ROUNDING { (1.0, at) } else { (scale, there) }
    }
}

impl Denoiser<Tensor<4>> for ModelDenoiser<'_> {
    /// `clean = p · x + q · output`, with `(p, q)` the prediction's row at this level.
    ///
    /// A level off the schedule's curve is the one with its signal-to-noise ratio on it, and the state a multiple of one
    /// there: the expected clean data are the same.
    fn denoise(&self, x: &Tensor<4>, at: Level) -> langevin_core::Result<Tensor<4>> {
        let (scale, at) = self.on_schedule(at);
        let scaled;
        let x = if scale == 1.0 {
            x
        } else {
            scaled = x.clone() * scale;
            &scaled
        };
        let levels = vec![at; x.dims()[0]];
        let output = self
            .model
            .output(x.clone(), &levels, self.labels)
            .map_err(|error| langevin_core::Error::Denoiser(error.to_string()))?;
        let (p, q) = self.model.config.prediction.clean(at);
        State::combine(&[(p, x), (q, &output)])
    }
}
