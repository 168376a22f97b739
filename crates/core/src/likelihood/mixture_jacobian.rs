//! The Jacobian of a mixture's exact denoiser in closed form:
//! `J = diag(Σ r_k c_k) + Σ r_k e_k g_kᵀ − (Σ r_k e_k)(Σ r_k g_k)ᵀ`, with the shares `r_k`, each component's estimate `e_k` and
//! score `g_k`, and `c_k = alpha · s_k²/(alpha² s_k² + sigma²)`, the slope of `e_k`.

use super::{Divergence, Jacobian};
use crate::{Denoiser, Error, GaussianMixture, Level, Result};

/// One component at a state: its share, and slope, estimate and score for each dimension.
struct Component {
    share: f64,
    slopes: Vec<f64>,
    estimate: Vec<f64>,
    score: Vec<f64>,
}

fn components(mixture: &GaussianMixture, x: &[f64], at: Level) -> Vec<Component> {
    let shares = mixture.responsibilities(x, at);
    mixture
        .components()
        .zip(shares)
        .map(|((_, mean, std), share)| {
            let variance = |i: usize| (at.alpha * std[i]).powi(2) + at.sigma * at.sigma;
            let slopes: Vec<f64> =
                (0..x.len()).map(|i| at.alpha * std[i] * std[i] / variance(i)).collect();
            let from_mean = |i: usize| x[i] - at.alpha * mean[i];
            let estimate = (0..x.len()).map(|i| mean[i] + slopes[i] * from_mean(i)).collect();
            let score = (0..x.len()).map(|i| -from_mean(i) / variance(i)).collect();
            Component { share, slopes, estimate, score }
        })
        .collect()
}

/// `Σ r_k f(k)`.
fn mean(all: &[Component], f: impl Fn(&Component) -> f64) -> f64 {
    all.iter().map(|c| c.share * f(c)).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn check(mixture: &GaussianMixture, x: &[f64]) -> Result<()> {
    if x.len() == mixture.dimension() {
        return Ok(());
    }
    Err(Error::Shapes(x.len(), mixture.dimension()))
}

impl Jacobian<Vec<f64>> for GaussianMixture {
    fn product(&self, x: &Vec<f64>, v: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
        check(self, x)?;
        check(self, v)?;
        let all = components(self, x, at);
        let along = mean(&all, |c| dot(&c.score, v));
        let entry = |i: usize| {
            mean(&all, |c| c.slopes[i] * v[i] + c.estimate[i] * (dot(&c.score, v) - along))
        };
        Ok((0..x.len()).map(entry).collect())
    }
}

impl Divergence<Vec<f64>> for GaussianMixture {
    fn denoise_with_trace(&self, x: &Vec<f64>, at: Level) -> Result<(Vec<f64>, Vec<f64>)> {
        check(self, x)?;
        let all = components(self, x, at);
        let entry = |i: usize| {
            let average = mean(&all, |c| c.score[i]);
            mean(&all, |c| c.slopes[i] + c.estimate[i] * (c.score[i] - average))
        };
        Ok((self.denoise(x, at)?, vec![(0..x.len()).map(entry).sum()]))
    }
}
