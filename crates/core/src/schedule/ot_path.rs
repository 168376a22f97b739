//! The optimal-transport conditional path that ends at a narrow Gaussian instead of a point: `alpha = 1 − t`,
//! `sigma = t + (1 − t) · sigma_min` (Lipman et al. 2023, eqs. 20 to 22, with time running towards noise).

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// The straight path from data with noise `sigma_min` to noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct OtPath {
    sigma_min: f64,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    sigma_min: f64,
}

impl OtPath {
    /// The path that ends with this noise.
    ///
    /// # Errors
    /// Unless `0 ≤ sigma_min < 1`.
    pub fn new(sigma_min: f64) -> Result<Self> {
        if (0.0..1.0).contains(&sigma_min) {
            return Ok(Self { sigma_min });
        }
        let expected = "from 0 to below 1";
        Err(Error::Value { name: "sigma_min", found: sigma_min.to_string(), expected })
    }
}

impl Schedule for OtPath {
    fn level(&self, t: f64) -> Level {
        let t = t.clamp(0.0, 1.0);
        Level::new(1.0 - t, t + (1.0 - t) * self.sigma_min)
    }

    fn time(&self, level: Level) -> f64 {
        // sigma/alpha = t/(1 − t) + sigma_min.
        let moved = (level.sigma - self.sigma_min * level.alpha).max(0.0);
        moved / (level.alpha + moved)
    }

    fn rates(&self, t: f64) -> Rates {
        let level = self.level(t);
        Rates {
            log_alpha: -1.0 / level.alpha,
            variance: 2.0 * level.sigma * (1.0 - self.sigma_min),
        }
    }
}

impl TryFrom<Parameters> for OtPath {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.sigma_min)
    }
}

impl From<OtPath> for Parameters {
    fn from(path: OtPath) -> Self {
        Self { sigma_min: path.sigma_min }
    }
}
