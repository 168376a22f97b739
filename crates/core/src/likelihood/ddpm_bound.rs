//! The variational bound of the discrete chain, term by term (Ho et al. 2020, eq. 5; Sohl-Dickstein et al. 2015):
//! `−ln p(clean) ≤ KL(q(x_T | clean) ‖ p(x_T)) + Σ E KL(q(x_{t−1} | x_t, clean) ‖ p(x_{t−1} | x_t)) + E[−ln p(clean | x_1)]`.
//!
//! Both sides of a middle term are Gaussian with means `(σ_s²/σ_t²)(α_t/α_s) x_t + w · clean`, `w = α_s σ²_{t|s}/σ_t²`,
//! where the model puts its estimate; so the term is `½ (r − 1 − ln r) + w² (clean − estimate)²/(2 v)` per number,
//! with `v` the model's variance and `r` the posterior's over it.

use super::reverse_variance::{clean_weight, posterior_variance};
use super::{DiscretisedDecoder, ReverseVariance, kl_normal, log_normal};
use crate::{Denoiser, Error, Level, Result, Samples};

/// The bound of a denoiser on a chain of levels.
pub struct DdpmBound<'a, X> {
    /// From the least noisy, `x_1`, to the noisiest, `x_T`.
    levels: Vec<Level>,
    denoiser: &'a dyn Denoiser<X>,
    variance: &'a dyn ReverseVariance<X>,
    prior: f64,
    decoder: Option<DiscretisedDecoder>,
}

/// One draw of the bound's terms for one sample, in nats; their expectation over the noise is the bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// `L_T`: exact, without noise.
    pub prior: f64,
    /// `L_{t−1}` for `t = 2 … T`, from the least noisy.
    pub denoising: Vec<f64>,
    /// `L_0`.
    pub reconstruction: f64,
}

impl Terms {
    /// The bound on `−ln p(clean)`.
    pub fn total(&self) -> f64 {
        self.prior + self.denoising.iter().sum::<f64>() + self.reconstruction
    }
}

impl<'a, X: Samples> DdpmBound<'a, X> {
    /// The bound on a chain of noisy `levels`, each noisier than the one before, with unit noise as the prior and the
    /// density of a Gaussian as the last step.
    ///
    /// # Errors
    /// Where there is no level, one has no noise or no signal, or they do not grow noisier.
    pub fn new(
        levels: Vec<Level>,
        denoiser: &'a dyn Denoiser<X>,
        variance: &'a dyn ReverseVariance<X>,
    ) -> Result<Self> {
        let rises = levels.windows(2).all(|pair| pair[0].ratio() < pair[1].ratio());
        let noisy = levels.iter().all(|at| at.sigma > 0.0 && at.alpha > 0.0);
        if levels.is_empty() || !rises || !noisy {
            return Err(Error::Value {
                name: "chain of levels",
                found: format!("{} levels", levels.len()),
                expected: "at least one, each with signal and noise, from the least noisy to the noisiest",
            });
        }
        Ok(Self { levels, denoiser, variance, prior: 1.0, decoder: None })
    }

    /// With `N(0, variance)` as the prior of `x_T`.
    pub fn with_prior(mut self, variance: f64) -> Self {
        self.prior = variance;
        self
    }

    /// For discrete data: the last step is the probability of a value's bin.
    pub fn with_decoder(mut self, decoder: DiscretisedDecoder) -> Self {
        self.decoder = Some(decoder);
        self
    }

    /// How many denoising terms and reconstructions there are, each of which needs its own noise.
    pub fn draws(&self) -> usize {
        self.levels.len()
    }

    /// All terms of each sample of `clean`; `noise(k)` is unit noise of its shape for the level `x_{k+1}`.
    ///
    /// # Errors
    /// What the denoiser, the variance or the noise return.
    pub fn terms(
        &self,
        clean: &X,
        mut noise: impl FnMut(usize) -> Result<X>,
    ) -> Result<Vec<Terms>> {
        let last = self.levels[self.levels.len() - 1];
        let prior = clean.sum_pairs(clean, |x, _| {
            kl_normal(last.alpha * x, last.sigma * last.sigma, self.prior)
        })?;
        let mut terms: Vec<Terms> = prior
            .into_iter()
            .map(|prior| Terms { prior, denoising: Vec::new(), reconstruction: 0.0 })
            .collect();
        for index in 0..self.levels.len() {
            let values = self.term(index, clean, &noise(index)?)?;
            for (terms, value) in terms.iter_mut().zip(values) {
                match index {
                    0 => terms.reconstruction = value,
                    _ => terms.denoising.push(value),
                }
            }
        }
        Ok(terms)
    }

    /// The term of level `x_{index + 1}` for each sample: `L_0` at index 0, `L_{t−1}` above.
    ///
    /// # Errors
    /// What the denoiser or the variance return.
    ///
    /// # Panics
    /// Where `index` is not below [`draws`](Self::draws).
    pub fn term(&self, index: usize, clean: &X, noise: &X) -> Result<Vec<f64>> {
        let from = self.levels[index];
        let x = X::combine(&[(from.alpha, clean), (from.sigma, noise)])?;
        let estimate = self.denoiser.denoise(&x, from)?.numbers()?;
        let clean_numbers = clean.numbers()?;
        let to = if index == 0 { Level::CLEAN } else { self.levels[index - 1] };
        let variances = self.variance.variances(&x, from, to, clean_numbers.len())?;
        if variances.len() != clean_numbers.len() || estimate.len() != clean_numbers.len() {
            return Err(Error::Shapes(clean_numbers.len(), variances.len().min(estimate.len())));
        }
        let (weight, posterior) = (clean_weight(from, to), posterior_variance(from, to));
        let one = |i: usize| match (index, self.decoder) {
            (0, Some(decoder)) => -decoder.log_mass(clean_numbers[i], estimate[i], variances[i]),
            (0, None) => -log_normal(clean_numbers[i], estimate[i], variances[i]),
            _ => kl_normal(weight * (clean_numbers[i] - estimate[i]), posterior, variances[i]),
        };
        let size = (clean_numbers.len() / clean.samples()).max(1);
        let all: Vec<f64> = (0..clean_numbers.len()).map(one).collect();
        Ok(all.chunks(size).map(|sample| sample.iter().sum()).collect())
    }
}
