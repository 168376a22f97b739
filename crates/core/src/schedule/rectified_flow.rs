//! Rectified flow and the optimal-transport path of flow matching: `alpha = 1 − t`, `sigma = t`
//! (Liu et al. 2023, eq. 1; Lipman et al. 2023, eq. 20 with sigma_min = 0).

use serde::{Deserialize, Serialize};

use crate::{Level, Rates, Schedule};

/// The straight path from data to noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RectifiedFlow;

impl Schedule for RectifiedFlow {
    fn level(&self, t: f64) -> Level {
        let t = t.clamp(0.0, 1.0);
        Level::new(1.0 - t, t)
    }

    fn time(&self, level: Level) -> f64 {
        level.sigma / (level.alpha + level.sigma)
    }

    fn rates(&self, t: f64) -> Rates {
        let t = t.clamp(0.0, 1.0);
        Rates { log_alpha: -1.0 / (1.0 - t), variance: 2.0 * t }
    }
}
