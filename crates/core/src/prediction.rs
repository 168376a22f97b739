//! What a network's output means: one row `(a, b)` per prediction, `output ≈ a · clean + b · noise`.
//!
//! With `x = alpha · clean + sigma · noise` beside it, one 2×2 inverse recovers the clean data from any row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Result};

/// The quantity a network is trained to output.
///
/// ```
/// use langevin_core::{Level, Prediction};
///
/// let level = Level::new(0.8, 0.6);
/// let (clean, noise) = (2.0, -1.0);
/// let x = level.alpha * clean + level.sigma * noise;
/// // A network that predicts v is trained on this target …
/// let (a, b) = Prediction::V.target(level);
/// let output = a * clean + b * noise;
/// // … and this recovers the clean data from its output.
/// let (p, q) = Prediction::V.clean(level);
/// assert!((p * x + q * output - clean).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The clean data, `x0`.
    Clean,
    /// The noise, `ε` (Ho et al. 2020, eq. 14).
    Noise,
    /// `v = alpha · noise − sigma · clean` (Salimans and Ho 2022, §4), for levels with `alpha² + sigma² = 1`.
    V,
    /// The velocity `noise − clean` of the straight path (Lipman et al. 2023; Liu et al. 2023).
    Flow,
    /// The score `∇ log p = −noise / sigma` (Song et al. 2021, eq. 7).
    Score,
    /// The preconditioned output `F` of EDM, `clean = c_skip · x + c_out · F` (Karras et al. 2022, table 1),
    /// carried over to any level through `sigma / alpha`.
    Edm {
        /// Standard deviation of the data; positive.
        #[serde(deserialize_with = "positive")]
        sigma_data: f64,
    },
}

impl Prediction {
    /// Names for help texts and errors.
    pub const NAMES: &[&str] = &["clean", "noise", "v", "flow", "score", "edm"];

    /// The row `(a, b)` of the training target `a · clean + b · noise`.
    ///
    /// Finite at every level, but for the score of data without noise (`sigma = 0`), which is infinite.
    pub fn target(self, level: Level) -> (f64, f64) {
        let Level { alpha, sigma } = level;
        match self {
            Self::Clean => (1.0, 0.0),
            Self::Noise => (0.0, 1.0),
            Self::V => (-sigma, alpha),
            Self::Flow => (-1.0, 1.0),
            Self::Score => (0.0, -1.0 / sigma),
            Self::Edm { sigma_data: d } => {
                // F = (clean − c_skip · x/alpha) / c_out at noise s = sigma/alpha, with
                // c_skip = d²/(s² + d²) and c_out = s·d/√(s² + d²); written with both scales multiplied by alpha.
                let norm = sigma.hypot(alpha * d);
                (sigma / (d * norm), -alpha * d / norm)
            }
        }
    }

    /// The coefficients `(p, q)` of `clean = p · x + q · output`: the inverse of the row and of `(alpha, sigma)`.
    ///
    /// Where the row says nothing about the clean data (noise or score at `alpha = 0`), the estimate is the mean of
    /// centred data, `(0, 0)`; where `x` is already clean (`sigma = 0`), it is `x / alpha`.
    pub fn clean(self, level: Level) -> (f64, f64) {
        let Level { alpha, sigma } = level;
        if sigma == 0.0 {
            return (1.0 / alpha, 0.0);
        }
        let (a, b) = self.target(level);
        let determinant = alpha * b - sigma * a;
        if determinant == 0.0 {
            return (0.0, 0.0);
        }
        (b / determinant, -sigma / determinant)
    }

    /// The factor on the network's input: 1, but `c_in = 1/√(sigma² + alpha² · sigma_data²)` for EDM.
    pub fn input_scale(self, level: Level) -> f64 {
        match self {
            Self::Edm { sigma_data } => 1.0 / level.sigma.hypot(level.alpha * sigma_data),
            Self::Clean | Self::Noise | Self::V | Self::Flow | Self::Score => 1.0,
        }
    }
}

fn positive<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let found = f64::deserialize(deserializer)?;
    if found > 0.0 && found.is_finite() {
        return Ok(found);
    }
    let expected = "positive and finite";
    Err(serde::de::Error::custom(Error::Value {
        name: "sigma_data",
        found: found.to_string(),
        expected,
    }))
}

impl FromStr for Prediction {
    type Err = Error;

    /// Reads our names and those of diffusers (`sample`, `epsilon`, `v_prediction`, `flow_prediction`).
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "clean" | "x0" | "sample" => Ok(Self::Clean),
            "noise" | "epsilon" => Ok(Self::Noise),
            "v" | "v_prediction" => Ok(Self::V),
            "flow" | "flow_prediction" => Ok(Self::Flow),
            "score" => Ok(Self::Score),
            "edm" => Ok(Self::Edm { sigma_data: 0.5 }),
            _ => {
                Err(Error::Name { kind: "prediction", found: name.to_owned(), names: Self::NAMES })
            }
        }
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clean => "clean",
            Self::Noise => "noise",
            Self::V => "v",
            Self::Flow => "flow",
            Self::Score => "score",
            Self::Edm { .. } => "edm",
        })
    }
}
