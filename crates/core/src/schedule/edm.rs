//! EDM's noise levels: `alpha = 1`, `sigma = (sigma_min^(1/ρ) + t · (sigma_max^(1/ρ) − sigma_min^(1/ρ)))^ρ`
//! (Karras et al. 2022, eq. 5, with time running towards noise).

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// The exponent of the paper.
const RHO: f64 = 7.0;

/// Noise from `sigma_min` to `sigma_max`, even in `sigma^(1/7)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct Edm {
    sigma_min: f64,
    sigma_max: f64,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    sigma_min: f64,
    sigma_max: f64,
}

impl Edm {
    /// Levels from `sigma_min` to `sigma_max`.
    ///
    /// # Errors
    /// Unless `1e-100 ≤ sigma_min < sigma_max ≤ 1e100`.
    pub fn new(sigma_min: f64, sigma_max: f64) -> Result<Self> {
        check_range(sigma_min, sigma_max)?;
        Ok(Self { sigma_min, sigma_max })
    }

    /// Smallest and largest noise.
    pub fn range(&self) -> (f64, f64) {
        (self.sigma_min, self.sigma_max)
    }
}

impl Default for Edm {
    /// The paper's range, 0.002 to 80.
    fn default() -> Self {
        Self { sigma_min: 0.002, sigma_max: 80.0 }
    }
}

/// `1e-100 ≤ sigma_min < sigma_max ≤ 1e100`: wide enough for any use, narrow enough that no square over- or underflows.
pub(super) fn check_range(sigma_min: f64, sigma_max: f64) -> Result<()> {
    let error =
        |name, found: f64, expected| Err(Error::Value { name, found: found.to_string(), expected });
    if !(1e-100..1e100).contains(&sigma_min) {
        return error("sigma_min", sigma_min, "positive (from 1e-100) and below 1e100");
    }
    if !(sigma_max > sigma_min && sigma_max <= 1e100) {
        return error("sigma_max", sigma_max, "larger than sigma_min and at most 1e100");
    }
    Ok(())
}

impl Schedule for Edm {
    fn level(&self, t: f64) -> Level {
        let (low, high) = (self.sigma_min.powf(1.0 / RHO), self.sigma_max.powf(1.0 / RHO));
        Level::new(1.0, (low + t.clamp(0.0, 1.0) * (high - low)).powf(RHO))
    }

    fn time(&self, level: Level) -> f64 {
        let (low, high) = (self.sigma_min.powf(1.0 / RHO), self.sigma_max.powf(1.0 / RHO));
        ((level.ratio().powf(1.0 / RHO) - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// `c_noise = ln(sigma) / 4` (table 1).
    fn timestep(&self, level: Level) -> f64 {
        0.25 * level.ratio().max(f64::MIN_POSITIVE).ln()
    }

    fn rates(&self, t: f64) -> Rates {
        let (low, high) = (self.sigma_min.powf(1.0 / RHO), self.sigma_max.powf(1.0 / RHO));
        let sigma = self.level(t).sigma;
        let speed = RHO * sigma.powf(1.0 - 1.0 / RHO) * (high - low);
        Rates { log_alpha: 0.0, variance: 2.0 * sigma * speed }
    }
}

impl TryFrom<Parameters> for Edm {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.sigma_min, p.sigma_max)
    }
}

impl From<Edm> for Parameters {
    fn from(edm: Edm) -> Self {
        Self { sigma_min: edm.sigma_min, sigma_max: edm.sigma_max }
    }
}
