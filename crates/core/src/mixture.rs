//! A mixture of diagonal Gaussians as exact data: density, score and denoiser in closed form at every level.
//!
//! At level `(alpha, sigma)` component `k` is `N(alpha · m_k, alpha² · s_k² + sigma²)`, so
//! `E[clean | x] = Σ r_k · (m_k + alpha · s_k²/(alpha² s_k² + sigma²) · (x − alpha · m_k))` with responsibilities `r_k`.

use crate::noisy_mixture::log_sum_exp;
use crate::rng::Philox;
use crate::{Denoiser, Error, Level, NoisyMixture, Result};

/// Weights, means and standard deviations of the clean data's components.
///
/// Methods that take a state panic where its length is not the dimension of the mixture; as a [`Denoiser`] it returns
/// an error there.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    stds: Vec<Vec<f64>>,
}

impl GaussianMixture {
    /// `k` components in `d` dimensions; weights need not add up to 1.
    ///
    /// # Errors
    /// Where counts disagree, a weight is not positive, a standard deviation is negative, or a number is not finite.
    pub fn new(weights: Vec<f64>, means: Vec<Vec<f64>>, stds: Vec<Vec<f64>>) -> Result<Self> {
        let error = |name, found: String, expected| Err(Error::Value { name, found, expected });
        if weights.is_empty() || means.len() != weights.len() || stds.len() != weights.len() {
            let found = format!("{}, {} and {}", weights.len(), means.len(), stds.len());
            return error("number of weights, means and stds", found, "equal and at least 1");
        }
        let d = means[0].len();
        if d == 0 || means.iter().chain(&stds).any(|v| v.len() != d) {
            return error(
                "dimension of the means and stds",
                d.to_string(),
                "the same for all and at least 1",
            );
        }
        if let Some(w) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return error("weight", w.to_string(), "positive and finite");
        }
        if let Some(m) = means.iter().flatten().find(|m| !m.is_finite()) {
            return error("mean", m.to_string(), "finite");
        }
        if let Some(s) = stds.iter().flatten().find(|s| !(**s >= 0.0 && s.is_finite())) {
            return error("std", s.to_string(), "not negative and finite");
        }
        let total: f64 = weights.iter().sum();
        if !total.is_finite() {
            return error("sum of the weights", total.to_string(), "finite");
        }
        Ok(Self { weights: weights.into_iter().map(|w| w / total).collect(), means, stds })
    }

    /// Number of dimensions.
    pub fn dimension(&self) -> usize {
        self.means[0].len()
    }

    /// `ln p(x)` of the noisy data at this level.
    ///
    /// # Panics
    /// Where `x` has another dimension.
    pub fn log_density(&self, x: &[f64], at: Level) -> f64 {
        let noisy = self.at(at);
        let mut logs = vec![0.0; noisy.components()];
        noisy.log_terms(x, &mut logs);
        log_sum_exp(&logs)
    }

    /// `∇ ln p(x) = (alpha · E[clean | x] − x)/sigma²`, summed over components so that `sigma = 0` is fine too
    /// where no standard deviation is 0.
    ///
    /// # Panics
    /// Where `x` has another dimension.
    pub fn score(&self, x: &[f64], at: Level) -> Vec<f64> {
        let (noisy, shares) = self.shares(x, at);
        (0..x.len()).map(|i| noisy.score(x, &shares, i)).collect()
    }

    /// `E[clean | x]` at this level.
    ///
    /// # Panics
    /// Where `x` has another dimension.
    pub fn clean(&self, x: &[f64], at: Level) -> Vec<f64> {
        let (noisy, shares) = self.shares(x, at);
        (0..x.len()).map(|i| noisy.clean(x, &shares, i)).collect()
    }

    /// The probability of each component given the state `x`; they add up to 1.
    ///
    /// # Panics
    /// Where `x` has another dimension.
    pub fn responsibilities(&self, x: &[f64], at: Level) -> Vec<f64> {
        self.shares(x, at).1
    }

    /// Weight, mean and standard deviations of each component of the clean data; weights add up to 1.
    pub fn components(&self) -> impl Iterator<Item = (f64, &[f64], &[f64])> {
        let parts = self.means.iter().zip(&self.stds);
        self.weights.iter().zip(parts).map(|(w, (m, s))| (*w, &m[..], &s[..]))
    }

    /// One draw of the clean data.
    pub fn draw(&self, random: &mut Philox) -> Vec<f64> {
        let mut left = random.uniform();
        let last = self.weights.len() - 1;
        let k = self.weights.iter().position(|w| {
            left -= w;
            left < 0.0
        });
        let k = k.unwrap_or(last);
        self.means[k].iter().zip(&self.stds[k]).map(|(m, s)| m + s * random.normal()).collect()
    }

    /// The mixture at this level, and the responsibilities there.
    fn shares(&self, x: &[f64], at: Level) -> (NoisyMixture, Vec<f64>) {
        let noisy = self.at(at);
        let mut shares = vec![0.0; noisy.components()];
        noisy.responsibilities(x, &mut shares);
        (noisy, shares)
    }
}

impl Denoiser<Vec<f64>> for GaussianMixture {
    fn denoise(&self, x: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
        if x.len() != self.dimension() {
            return Err(Error::Shapes(x.len(), self.dimension()));
        }
        Ok(self.clean(x, at))
    }
}
