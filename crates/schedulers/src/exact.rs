//! The perfect network for a Gaussian mixture: `a · E[clean | x] + b · E[noise | x]` with the prediction's row `(a, b)`.

use langevin_core::{GaussianMixture, Level, Prediction};
use rayon::prelude::*;

use crate::{Batch, Network, Result};

/// Samples that one thread maps at a time.
const TOGETHER: usize = 4096;

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
        let (noisy, dimension) = (self.mixture.at(at), x.dimension());
        let mut values = vec![0.0; x.values().len()];
        let block = TOGETHER * dimension;
        values.par_chunks_mut(block).zip(x.values().par_chunks(block)).for_each(|(out, x)| {
            let mut shares = vec![0.0; noisy.components()];
            for (out, x) in out.chunks_mut(dimension).zip(x.chunks(dimension)) {
                noisy.responsibilities(x, &mut shares);
                for (i, out) in out.iter_mut().enumerate() {
                    // E[noise | x] = −sigma · score keeps its digits where little noise is left.
                    let score = noisy.score(x, &shares, i);
                    *out = a * noisy.clean(x, &shares, i) - b * at.sigma * score;
                }
            }
        });
        Batch::new(values, dimension)
    }
}
