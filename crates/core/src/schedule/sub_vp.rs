//! The sub-VP process: `alpha = √alpha_bar`, `sigma = 1 − alpha_bar` with the variance-preserving `alpha_bar`
//! (Song et al. 2021, eqs. 13 and 34).
//!
//! `sigma/alpha = 2 sinh(−ln(alpha_bar)/2)`, and `g² = beta (1 − alpha_bar²)`.

use serde::{Deserialize, Serialize};

use super::vp::Betas;
use crate::{Error, Level, Rates, Result, Schedule};

/// Linear `beta(t)`, less noise than the variance-preserving process at every time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Betas", into = "Betas")]
pub struct SubVp {
    betas: Betas,
}

impl SubVp {
    /// `beta` from `beta_min` to `beta_max`; the paper's are 0.1 and 20.
    ///
    /// # Errors
    /// Unless `0 < beta_min ≤ beta_max ≤ 1000`.
    pub fn new(beta_min: f64, beta_max: f64) -> Result<Self> {
        Ok(Self { betas: Betas::new(beta_min, beta_max)? })
    }
}

impl Default for SubVp {
    fn default() -> Self {
        Self { betas: Betas::PAPER }
    }
}

impl Schedule for SubVp {
    fn level(&self, t: f64) -> Level {
        let log = self.betas.log_alpha_bar(t);
        Level::new((0.5 * log).exp(), -log.exp_m1())
    }

    fn time(&self, level: Level) -> f64 {
        self.betas.time(-2.0 * (0.5 * level.ratio()).asinh())
    }

    fn rates(&self, t: f64) -> Rates {
        let (level, rate) = (self.level(t), self.betas.rate(t));
        // d(sigma²)/dt = 2 sigma · (−d alpha_bar/dt).
        Rates { log_alpha: 0.5 * rate, variance: -2.0 * level.sigma * level.alpha.powi(2) * rate }
    }
}

impl TryFrom<Betas> for SubVp {
    type Error = Error;

    fn try_from(betas: Betas) -> Result<Self> {
        Ok(Self { betas: betas.checked()? })
    }
}

impl From<SubVp> for Betas {
    fn from(sub_vp: SubVp) -> Self {
        sub_vp.betas
    }
}
