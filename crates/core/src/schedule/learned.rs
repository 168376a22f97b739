//! The learned schedule of variational diffusion models: `alpha² = S(−γ)`, `sigma² = S(γ)`, with `γ(t)` a monotone network
//! (Kingma et al. 2021, eq. 3 and appendix H).
//!
//! `γ̃(t) = u + Σ_j w_j · S(a_j · u + b_j)`, `u = w · t` with positive weights, scaled to run from `γ₀` to `γ₁`.

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// A monotone network as data, as training leaves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct Learned {
    parameters: Parameters,
    /// `γ̃` at the ends of `[0, 1]`.
    ends: (f64, f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Parameters {
    gamma_0: f64,
    gamma_1: f64,
    slope: f64,
    /// Triples `(a, b, w)` of the hidden units.
    hidden: Vec<(f64, f64, f64)>,
}

impl Learned {
    /// The network with `γ` from `gamma_0` at time 0 to `gamma_1` at time 1, slope `w > 0` and hidden units `(a, b, w)`.
    ///
    /// # Errors
    /// Unless `−300 ≤ gamma_0 < gamma_1 ≤ 300`, the slope is positive, and `a` and `w` are not negative.
    pub fn new(
        gamma_0: f64,
        gamma_1: f64,
        slope: f64,
        hidden: Vec<(f64, f64, f64)>,
    ) -> Result<Self> {
        let error = |name, found: String, expected| Err(Error::Value { name, found, expected });
        if !(gamma_0 >= -300.0 && gamma_0 < gamma_1 && gamma_1 <= 300.0) {
            let found = format!("{gamma_0} to {gamma_1}");
            return error("range of gamma", found, "rising, within 300 of 0");
        }
        if !(slope > 0.0 && slope.is_finite()) {
            return error("slope", slope.to_string(), "positive and finite");
        }
        let good = |(a, b, w): &(f64, f64, f64)| {
            *a >= 0.0 && *w >= 0.0 && a.is_finite() && b.is_finite() && w.is_finite()
        };
        if let Some(bad) = hidden.iter().find(|unit| !good(unit)) {
            return error("hidden unit", format!("{bad:?}"), "finite with weights not negative");
        }
        let parameters = Parameters { gamma_0, gamma_1, slope, hidden };
        let ends = (parameters.raw(0.0).0, parameters.raw(1.0).0);
        Ok(Self { parameters, ends })
    }

    /// `γ` and `dγ/dt`.
    pub fn gamma(&self, t: f64) -> (f64, f64) {
        let p = &self.parameters;
        let (value, slope) = p.raw(t.clamp(0.0, 1.0));
        let scale = (p.gamma_1 - p.gamma_0) / (self.ends.1 - self.ends.0);
        (p.gamma_0 + scale * (value - self.ends.0), scale * slope)
    }
}

impl Parameters {
    fn raw(&self, t: f64) -> (f64, f64) {
        let u = self.slope * t;
        let (mut value, mut slope) = (u, self.slope);
        for (a, b, w) in &self.hidden {
            let s = logistic(a * u + b);
            value += w * s;
            slope += w * s * (1.0 - s) * a * self.slope;
        }
        (value, slope)
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The variance-preserving level of `γ = ln(sigma²/alpha²)`.
pub(super) fn from_gamma(gamma: f64) -> Level {
    Level::new(logistic(-gamma).sqrt(), logistic(gamma).sqrt())
}

/// `γ = ln(sigma²/alpha²)`.
pub(super) fn gamma_of(level: Level) -> f64 {
    -2.0 * level.half_log_snr()
}

impl Schedule for Learned {
    fn level(&self, t: f64) -> Level {
        from_gamma(self.gamma(t).0)
    }

    /// By bisection, to the last bits.
    fn time(&self, level: Level) -> f64 {
        let target = gamma_of(level);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.gamma(middle).0 < target { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    fn rates(&self, t: f64) -> Rates {
        let level = self.level(t);
        Rates::preserving(level, -level.sigma.powi(2) * self.gamma(t).1)
    }
}

impl TryFrom<Parameters> for Learned {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.gamma_0, p.gamma_1, p.slope, p.hidden)
    }
}

impl From<Learned> for Parameters {
    fn from(schedule: Learned) -> Self {
        schedule.parameters
    }
}
