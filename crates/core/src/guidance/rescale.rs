//! Classifier-free guidance with rescaling (Lin et al. 2024, eqs. 14–16): the guided output, whose spread grows with
//! the scale, is brought back to the spread of the conditional one, `φ · g · std(c)/std(g) + (1 − φ) · g`.
//!
//! The standard deviations are those of the network's output, so they depend on what it predicts.

use std::marker::PhantomData;

use super::Branches;
use crate::{Denoiser, Error, Level, Prediction, Result, Samples};

/// Guidance whose output keeps (a share `phi` of) the conditional output's standard deviation, sample by sample.
#[derive(Clone, Copy, Debug)]
pub struct Rescale<X, B> {
    branches: B,
    prediction: Prediction,
    scale: f64,
    phi: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, B: Branches<X, 2>> Rescale<X, B> {
    /// Guides the second branch (unconditional) towards the first (conditional) by `scale`; `phi` 0 is plain
    /// guidance, 1 full rescaling (the paper takes 0.7), and `prediction` says in which output spread is measured.
    ///
    /// # Errors
    /// Where `phi` is not between 0 and 1.
    pub fn new(branches: B, prediction: Prediction, scale: f64, phi: f64) -> Result<Self> {
        if (0.0..=1.0).contains(&phi) {
            return Ok(Self { branches, prediction, scale, phi, state: PhantomData });
        }
        Err(Error::Value { name: "phi", found: phi.to_string(), expected: "between 0 and 1" })
    }
}

impl<X: Samples, B: Branches<X, 2>> Denoiser<X> for Rescale<X, B> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        if self.scale == 1.0 {
            return self.branches.one(0, x, at);
        }
        let [conditional, unconditional] = self.branches.all(x, at)?;
        let guided = X::combine(&[(self.scale, &conditional), (1.0 - self.scale, &unconditional)])?;
        // Clean data are their own estimate, whatever the network says.
        if at.sigma == 0.0 || self.phi == 0.0 {
            return Ok(guided);
        }
        let (a, b) = self.prediction.target(at);
        let output =
            |clean: &X| X::combine(&[(a - b * at.alpha / at.sigma, clean), (b / at.sigma, x)]);
        let output = rescaled(&output(&guided)?, &output(&conditional)?, self.phi)?;
        let (p, q) = self.prediction.clean(at);
        X::combine(&[(p, x), (q, &output)])
    }
}

/// A guided output of a network brought back, by the share `phi`, to the standard deviation of the conditional one,
/// sample by sample: `φ · g · std(c)/std(g) + (1 − φ) · g`.
///
/// # Errors
/// Where the two differ in size.
pub fn rescaled<X: Samples>(guided: &X, conditional: &X, phi: f64) -> Result<X> {
    let factors: Vec<f64> = spreads(conditional)?
        .into_iter()
        .zip(spreads(guided)?)
        // A guided output that is constant has no spread to correct.
        .map(|(c, g)| if g > 0.0 { phi * c / g + 1.0 - phi } else { 1.0 })
        .collect();
    guided.scaled(&factors)
}

/// Standard deviation of each sample's numbers about their own mean (only quotients of two count, so divided by `n`).
fn spreads<X: Samples>(x: &X) -> Result<Vec<f64>> {
    let numbers = x.numbers()?;
    let size = (numbers.len() / x.samples()).max(1);
    let spread = |sample: &[f64]| {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        (sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt()
    };
    Ok(numbers.chunks(size).map(spread).collect())
}
