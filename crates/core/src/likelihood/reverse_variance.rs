//! The variance of a reverse step `p(x_s | x_t)`.

use crate::{Level, Result};

/// `σ²_{t|s} · σ_s²/σ_t²`, the variance of `q(x_s | x_t, clean)`: `β̃_t` on DDPM's levels (Ho et al. 2020, eq. 7).
pub fn posterior_variance(from: Level, to: Level) -> f64 {
    step_variance(from, to) * (to.sigma / from.sigma).powi(2)
}

/// `σ²_{t|s} = σ_t² − (α_t/α_s)² σ_s²`, the variance of `q(x_t | x_s)`: `β_t` on DDPM's levels (Kingma et al. 2021, eq. 7).
pub(super) fn step_variance(from: Level, to: Level) -> f64 {
    let kept = from.alpha / to.alpha * to.sigma;
    (from.sigma - kept) * (from.sigma + kept)
}

/// How a model chooses the variance of its reverse steps; one number for each number of the state.
pub trait ReverseVariance<X> {
    /// Variances of the step from the state `x` at level `from` to level `to`.
    ///
    /// # Errors
    /// What keeps them from being computed.
    fn variances(&self, x: &X, from: Level, to: Level, size: usize) -> Result<Vec<f64>>;
}

impl<X, F: Fn(&X, Level, Level) -> Result<Vec<f64>>> ReverseVariance<X> for F {
    fn variances(&self, x: &X, from: Level, to: Level, _: usize) -> Result<Vec<f64>> {
        self(x, from, to)
    }
}

/// The two variances of Ho et al. 2020, §3.2. In the step to clean data, where `β̃` is 0, both are `β_1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedVariance {
    /// `β̃_t`, optimal where the data are one point.
    Small,
    /// `β_t`, optimal where the data are unit noise.
    Large,
}

impl<X> ReverseVariance<X> for FixedVariance {
    fn variances(&self, _: &X, from: Level, to: Level, size: usize) -> Result<Vec<f64>> {
        let variance = match self {
            Self::Small => smaller(from, to),
            Self::Large => step_variance(from, to),
        };
        Ok(vec![variance; size])
    }
}

/// `exp(v ln β_t + (1 − v) ln β̃_t)` with `v` in `[0, 1]` (Nichol and Dhariwal 2021, eq. 15); the closure is what the network
/// learned, one number for each number of the state.
#[derive(Clone, Copy, Debug)]
pub struct InterpolatedVariance<F>(pub F);

impl<X, F: Fn(&X, Level) -> Result<Vec<f64>>> ReverseVariance<X> for InterpolatedVariance<F> {
    fn variances(&self, x: &X, from: Level, to: Level, _: usize) -> Result<Vec<f64>> {
        let (small, large) = (smaller(from, to).ln(), step_variance(from, to).ln());
        Ok((self.0)(x, from)?.into_iter().map(|v| (v * large + (1.0 - v) * small).exp()).collect())
    }
}

/// `β̃_t + (α_s σ²_{t|s}/σ_t²)² · Var[clean | x]` (Bao et al. 2022, Analytic-DPM, eq. 8): the best variance for a known
/// variance of the data given the state. For Gaussian data it makes the reverse step exact.
#[derive(Clone, Copy, Debug)]
pub struct OptimalVariance<F>(pub F);

impl<X, F: Fn(&X, Level) -> Result<Vec<f64>>> ReverseVariance<X> for OptimalVariance<F> {
    fn variances(&self, x: &X, from: Level, to: Level, _: usize) -> Result<Vec<f64>> {
        let weight = clean_weight(from, to).powi(2);
        let small = posterior_variance(from, to);
        Ok((self.0)(x, from)?.into_iter().map(|spread| small + weight * spread).collect())
    }
}

/// `β̃_t`, but `β_1` in the step to clean data, which a Gaussian without spread could not describe.
fn smaller(from: Level, to: Level) -> f64 {
    if to.sigma == 0.0 { step_variance(from, to) } else { posterior_variance(from, to) }
}

/// `α_s σ²_{t|s}/σ_t²`: how much of the clean data the mean of `q(x_s | x_t, clean)` holds.
pub(super) fn clean_weight(from: Level, to: Level) -> f64 {
    to.alpha * step_variance(from, to) / (from.sigma * from.sigma)
}
