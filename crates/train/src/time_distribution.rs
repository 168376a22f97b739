//! How training times are drawn: `t` in `[0, 1]`, 0 clean and 1 noise, as the image of a uniform number.
//!
//! Each distribution is its quantile function, so that independent and stratified draws share one formula.

mod log_normal;
mod logit_normal;
mod uniform;

pub use log_normal::LogNormal;
pub use logit_normal::LogitNormal;
pub use uniform::Uniform;

use langevin_core::Schedule;
use serde::{Deserialize, Serialize};

/// A distribution of training times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeDistribution {
    /// Every time alike.
    Uniform(Uniform),
    /// More of the times between clean and noise.
    LogitNormal(LogitNormal),
    /// Log-normal noise, EDM's choice.
    LogNormal(LogNormal),
}

impl TimeDistribution {
    /// The time on `schedule` below which the share `u` of all draws lies, for `u` strictly between 0 and 1.
    pub fn quantile(self, u: f64, schedule: &dyn Schedule) -> f64 {
        match self {
            Self::Uniform(d) => d.quantile(u),
            Self::LogitNormal(d) => d.quantile(u),
            Self::LogNormal(d) => d.quantile(u, schedule),
        }
    }
}
