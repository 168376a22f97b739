//! A model as the denoiser of a batch: the only step from "the network outputs `a · clean + b · noise`" to `E[clean | x]`.

use burn::tensor::Tensor;
use langevin_core::{Denoiser, Level, State};

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

impl Denoiser<Tensor<4>> for ModelDenoiser<'_> {
    /// `clean = p · x + q · output`, with `(p, q)` the prediction's row at this level.
    fn denoise(&self, x: &Tensor<4>, at: Level) -> langevin_core::Result<Tensor<4>> {
        let levels = vec![at; x.dims()[0]];
        let output = self
            .model
            .output(x.clone(), &levels, self.labels)
            .map_err(|error| langevin_core::Error::Denoiser(error.to_string()))?;
        let (p, q) = self.model.config.prediction.clean(at);
        State::combine(&[(p, x), (q, &output)])
    }
}
