//! The perfect network for a Gaussian mixture: `a · E[clean | x] + b · E[noise | x]` with the prediction's row `(a, b)`.

use langevin_core::{GaussianMixture, Level, Prediction};

use crate::{Batch, Network, Result};

/// Outputs what a network with this prediction would, if it had learnt the mixture perfectly.
#[derive(Clone, Copy, Debug)]
pub struct ExactNetwork<'a> {
    mixture: &'a GaussianMixture,
    prediction: Prediction,
}

impl<'a> ExactNetwork<'a> {
    /// The perfect network for this mixture.
    pub fn new(mixture: &'a GaussianMixture, prediction: Prediction) -> Self {
        Self { mixture, prediction }
    }
}

impl Network<Batch> for ExactNetwork<'_> {
    fn output(&self, x: &Batch, at: Level, _: f64) -> Result<Batch> {
        if x.dimension() != self.mixture.dimension() {
            let error = langevin_core::Error::Shapes(x.dimension(), self.mixture.dimension());
            return Err(error.into());
        }
        let (a, b) = self.prediction.target(at);
        Ok(x.map(|x| {
            let clean = self.mixture.clean(x, at);
            let score = self.mixture.score(x, at);
            // E[noise | x] = −sigma · score keeps its digits where little noise is left.
            clean.iter().zip(score).map(|(clean, score)| a * clean - b * at.sigma * score).collect()
        }))
    }
}
