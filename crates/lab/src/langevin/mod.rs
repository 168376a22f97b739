//! Langevin dynamics: random walks whose stationary distribution is a density known by its score.

mod baoab;
mod mala;
mod ula;

pub(crate) use baoab::Baoab;
pub(crate) use mala::Mala;
pub(crate) use ula::Ula;

use langevin_core::rng::Philox;
use langevin_core::{GaussianMixture, Level};

/// A density and its score.
pub(crate) trait Target {
    /// `ln p(x)`, up to a constant.
    fn log_density(&self, x: &[f64]) -> f64;

    /// `∇ ln p(x)`.
    fn score(&self, x: &[f64]) -> Vec<f64>;
}

impl Target for GaussianMixture {
    fn log_density(&self, x: &[f64]) -> f64 {
        self.log_density(x, Level::CLEAN)
    }

    fn score(&self, x: &[f64]) -> Vec<f64> {
        self.score(x, Level::CLEAN)
    }
}

/// One step of a walk.
pub(crate) trait Walk {
    /// Moves `x`.
    fn step(&mut self, x: &mut Vec<f64>, target: &dyn Target, random: &mut Philox);
}
