//! Noise whose ratio to the signal is log-normal: `ln(sigma/alpha) ~ N(mean, std²)` (Karras et al. 2022, table 1).

use langevin_core::{Level, Schedule};
use serde::{Deserialize, Serialize};

use crate::normal_quantile::normal_quantile;

/// Levels whose `ln(sigma/alpha)` is normal, inside the range of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogNormal {
    /// Mean of `ln(sigma/alpha)`.
    pub mean: f64,
    /// Standard deviation of `ln(sigma/alpha)`.
    pub std: f64,
}

impl Default for LogNormal {
    /// The paper's `P_mean` and `P_std`.
    fn default() -> Self {
        Self { mean: -1.2, std: 1.2 }
    }
}

impl LogNormal {
    /// The time below which the share `u` of all draws lies.
    pub fn quantile(self, u: f64, schedule: &dyn Schedule) -> f64 {
        let ratio = (self.mean + self.std * normal_quantile(u)).exp();
        schedule.time(Level::new(1.0, ratio))
    }
}

#[cfg(test)]
mod tests {
    use langevin_core::Edm;

    use super::*;

    #[test]
    fn the_noise_is_log_normal_inside_the_schedules_range() {
        let (d, schedule) = (LogNormal::default(), Edm::default());
        let sigma = |u| schedule.level(d.quantile(u, &schedule)).sigma;
        assert!((sigma(0.5) / f64::exp(-1.2) - 1.0).abs() < 1e-12);
        // One standard deviation above the mean.
        assert!((sigma(0.841_344_746_068_542_9) - 1.0).abs() < 1e-9);
        assert!((sigma(1e-12) / 0.002 - 1.0).abs() < 1e-9);
    }
}
