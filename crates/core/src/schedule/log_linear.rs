//! Log-SNR linear in time: `ln(alpha²/sigma²) = max + t · (min − max)`, `alpha² + sigma² = 1`
//! (Kingma et al. 2021, appendix; the geometric schedule of VDM before it is learned).

use serde::{Deserialize, Serialize};

use super::learned::{from_gamma, gamma_of};
use crate::{Error, Level, Rates, Result, Schedule};

/// Even in the log of the signal-to-noise ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct LogLinear {
    max: f64,
    min: f64,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    log_snr_max: f64,
    log_snr_min: f64,
}

impl LogLinear {
    /// From `max` at time 0 to `min` at time 1; VDM starts from 13.3 and −5.
    ///
    /// # Errors
    /// Unless `−300 ≤ min < max ≤ 300`.
    pub fn new(max: f64, min: f64) -> Result<Self> {
        if min >= -300.0 && min < max && max <= 300.0 {
            return Ok(Self { max, min });
        }
        let found = format!("{max} to {min}");
        Err(Error::Value { name: "range of log-SNR", found, expected: "falling, within 300 of 0" })
    }
}

impl Default for LogLinear {
    fn default() -> Self {
        Self { max: 13.3, min: -5.0 }
    }
}

impl Schedule for LogLinear {
    fn level(&self, t: f64) -> Level {
        let t = t.clamp(0.0, 1.0);
        from_gamma(-((1.0 - t) * self.max + t * self.min))
    }

    fn time(&self, level: Level) -> f64 {
        ((self.max + gamma_of(level)) / (self.max - self.min)).clamp(0.0, 1.0)
    }

    fn rates(&self, t: f64) -> Rates {
        let level = self.level(t);
        Rates::preserving(level, -level.sigma.powi(2) * (self.max - self.min))
    }
}

impl TryFrom<Parameters> for LogLinear {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.log_snr_max, p.log_snr_min)
    }
}

impl From<LogLinear> for Parameters {
    fn from(schedule: LogLinear) -> Self {
        Self { log_snr_max: schedule.max, log_snr_min: schedule.min }
    }
}
