//! Rectified flow with a resolution shift: `sigma = s·t/(1 + (s − 1)·t)`, `alpha = 1 − sigma`
//! (Esser et al. 2024, eq. 23, with `s = √(m/n)` for `m` pixels instead of `n`).

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// The straight path at times moved towards noise (`shift > 1`) or data (`shift < 1`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct ShiftedFlow {
    shift: f64,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    shift: f64,
}

impl ShiftedFlow {
    /// The path with this shift; 1 is none.
    ///
    /// # Errors
    /// Unless the shift is from 1e-6 to 1e6.
    pub fn new(shift: f64) -> Result<Self> {
        if (1e-6..=1e6).contains(&shift) {
            return Ok(Self { shift });
        }
        Err(Error::Value { name: "shift", found: shift.to_string(), expected: "from 1e-6 to 1e6" })
    }

    /// The shift.
    pub fn shift(&self) -> f64 {
        self.shift
    }
}

impl Schedule for ShiftedFlow {
    fn level(&self, t: f64) -> Level {
        let t = t.clamp(0.0, 1.0);
        let norm = 1.0 + (self.shift - 1.0) * t;
        Level::new((1.0 - t) / norm, self.shift * t / norm)
    }

    fn time(&self, level: Level) -> f64 {
        level.sigma / (level.sigma + self.shift * level.alpha)
    }

    /// The network is told the shifted time, `1000 · sigma`.
    fn timestep(&self, level: Level) -> f64 {
        1000.0 * level.sigma / (level.alpha + level.sigma)
    }

    fn rates(&self, t: f64) -> Rates {
        let level = self.level(t);
        let speed = self.shift / (1.0 + (self.shift - 1.0) * t.clamp(0.0, 1.0)).powi(2);
        Rates { log_alpha: -speed / level.alpha, variance: 2.0 * level.sigma * speed }
    }
}

impl TryFrom<Parameters> for ShiftedFlow {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.shift)
    }
}

impl From<ShiftedFlow> for Parameters {
    fn from(flow: ShiftedFlow) -> Self {
        Self { shift: flow.shift }
    }
}
