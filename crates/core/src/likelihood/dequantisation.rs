//! Continuous densities of discrete data: `ln P(values) ≥ E[ln p(values + u) − ln q(u | values)]` for noise `u` within the bins
//! (Uria et al. 2013; Ho et al. 2019, Flow++, eq. 12).

use crate::Result;
use crate::rng::Philox;

/// Discrete data with noise on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Noised {
    /// The values with the noise added.
    pub x: Vec<f64>,
    /// `−ln q(u | values)`; with `ln p(x)` added, one draw of the bound on `ln P(values)`.
    pub log_weight: f64,
}

/// How the noise within a bin is distributed.
pub trait Dequantisation {
    /// `values` with noise.
    ///
    /// # Errors
    /// What keeps it from being drawn.
    fn draw(&self, values: &[f64], random: &mut Philox) -> Result<Noised>;
}
