//! The continuous variance-preserving process: `beta(t) = beta_min + t · (beta_max − beta_min)`,
//! `alpha_bar = exp(−∫₀ᵗ beta)`, `alpha = √alpha_bar`, `sigma = √(1 − alpha_bar)` (Song et al. 2021, eqs. 11 and 32).
//!
//! Run from data to noise it is the variance-preserving conditional path of flow matching too (Lipman et al. 2023, eq. 19).

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// Linear `beta(t)`, variance kept at 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Betas", into = "Betas")]
pub struct Vp {
    betas: Betas,
}

/// The line `beta(t)`, shared with the sub-VP process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Betas {
    beta_min: f64,
    beta_max: f64,
}

impl Betas {
    /// The range of the paper, appendix C.
    pub(super) const PAPER: Self = Self { beta_min: 0.1, beta_max: 20.0 };

    pub(super) fn new(beta_min: f64, beta_max: f64) -> Result<Self> {
        Self { beta_min, beta_max }.checked()
    }

    /// `0 < beta_min ≤ beta_max ≤ 1000`: the integral stays far from where `alpha_bar` underflows.
    pub(super) fn checked(self) -> Result<Self> {
        if self.beta_min > 0.0 && self.beta_max >= self.beta_min && self.beta_max <= 1000.0 {
            return Ok(self);
        }
        let found = format!("{} to {}", self.beta_min, self.beta_max);
        let expected = "positive, not falling, and at most 1000";
        Err(Error::Value { name: "range of betas", found, expected })
    }

    /// `ln alpha_bar = −(beta_min · t + (beta_max − beta_min) · t²/2)`.
    pub(super) fn log_alpha_bar(self, t: f64) -> f64 {
        let t = t.clamp(0.0, 1.0);
        -t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min))
    }

    /// `d ln alpha_bar/dt = −beta(t)`.
    pub(super) fn rate(self, t: f64) -> f64 {
        -(self.beta_min + t.clamp(0.0, 1.0) * (self.beta_max - self.beta_min))
    }

    /// The time of `ln alpha_bar`, from the form of the quadratic's root that does not cancel.
    pub(super) fn time(self, log_alpha_bar: f64) -> f64 {
        let slope = self.beta_max - self.beta_min;
        let root = (self.beta_min.powi(2) - 2.0 * slope * log_alpha_bar).sqrt();
        let time = -2.0 * log_alpha_bar / (self.beta_min + root);
        if time.is_nan() { 1.0 } else { time.clamp(0.0, 1.0) }
    }
}

impl Vp {
    /// `beta` from `beta_min` to `beta_max`; the paper's are 0.1 and 20.
    ///
    /// # Errors
    /// Unless `0 < beta_min ≤ beta_max ≤ 1000`.
    pub fn new(beta_min: f64, beta_max: f64) -> Result<Self> {
        Ok(Self { betas: Betas::new(beta_min, beta_max)? })
    }
}

impl Default for Vp {
    fn default() -> Self {
        Self { betas: Betas::PAPER }
    }
}

impl Schedule for Vp {
    fn level(&self, t: f64) -> Level {
        let log = self.betas.log_alpha_bar(t);
        Level::new((0.5 * log).exp(), (-log.exp_m1()).sqrt())
    }

    fn time(&self, level: Level) -> f64 {
        self.betas.time(-level.ratio().powi(2).ln_1p())
    }

    fn rates(&self, t: f64) -> Rates {
        Rates::preserving(self.level(t), self.betas.rate(t))
    }
}

impl TryFrom<Betas> for Vp {
    type Error = Error;

    fn try_from(betas: Betas) -> Result<Self> {
        Ok(Self { betas: betas.checked()? })
    }
}

impl From<Vp> for Betas {
    fn from(vp: Vp) -> Self {
        vp.betas
    }
}
