//! The variance-exploding schedule: `alpha = 1`, `sigma = sigma_min · (sigma_max / sigma_min)^t`
//! (Song et al. 2021, eq. 30).

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// A geometric ladder of noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct Ve {
    sigma_min: f64,
    sigma_max: f64,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    sigma_min: f64,
    sigma_max: f64,
}

impl Ve {
    /// A ladder from `sigma_min` to `sigma_max`.
    ///
    /// # Errors
    /// Unless `1e-100 ≤ sigma_min < sigma_max ≤ 1e100`.
    pub fn new(sigma_min: f64, sigma_max: f64) -> Result<Self> {
        super::edm::check_range(sigma_min, sigma_max)?;
        Ok(Self { sigma_min, sigma_max })
    }

    /// Smallest and largest noise.
    pub fn range(&self) -> (f64, f64) {
        (self.sigma_min, self.sigma_max)
    }
}

impl Schedule for Ve {
    fn level(&self, t: f64) -> Level {
        Level::new(1.0, self.sigma_min * (self.sigma_max / self.sigma_min).powf(t.clamp(0.0, 1.0)))
    }

    fn time(&self, level: Level) -> f64 {
        ((level.ratio() / self.sigma_min).ln() / (self.sigma_max / self.sigma_min).ln())
            .clamp(0.0, 1.0)
    }

    /// The noise scale itself, which networks of this family take the logarithm of.
    fn timestep(&self, level: Level) -> f64 {
        level.ratio()
    }

    fn rates(&self, t: f64) -> Rates {
        let growth = (self.sigma_max / self.sigma_min).ln();
        Rates { log_alpha: 0.0, variance: 2.0 * growth * self.level(t).sigma.powi(2) }
    }
}

impl TryFrom<Parameters> for Ve {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.sigma_min, p.sigma_max)
    }
}

impl From<Ve> for Parameters {
    fn from(ve: Ve) -> Self {
        Self { sigma_min: ve.sigma_min, sigma_max: ve.sigma_max }
    }
}
