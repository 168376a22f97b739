//! What the network makes of a noisy state, kept beside its output: the clean estimate, which previews show.

use std::cell::RefCell;

use burn::tensor::Tensor;
use langevin_core::{Level, Prediction, State};
use langevin_schedulers::{Network, Result};

/// A network whose last clean estimate is kept.
pub(crate) struct Seen<'a> {
    pub(crate) network: &'a dyn Network<Tensor<4>>,
    pub(crate) prediction: Prediction,
    pub(crate) clean: &'a RefCell<Option<Tensor<4>>>,
}

impl Network<Tensor<4>> for Seen<'_> {
    fn output(&self, x: &Tensor<4>, at: Level, timestep: f64) -> Result<Tensor<4>> {
        let output = self.network.output(x, at, timestep)?;
        // Networks that learn variances give more channels, which are no estimate.
        if output.dims() == x.dims() {
            let (p, q) = self.prediction.clean(at);
            *self.clean.borrow_mut() = Some(State::combine(&[(p, x), (q, &output)])?);
        }
        Ok(output)
    }
}
