//! Align Your Steps: ten timesteps found by optimising a bound for Stable Diffusion 1.5 and SDXL (Sabour et al. 2024,
//! table of their project page), out of 1000.
//!
//! Other numbers of steps interpolate the timesteps linearly; the ends stay.

use serde::{Deserialize, Serialize};

use crate::{Level, Schedule};

/// Which model's timesteps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AysTable {
    /// Stable Diffusion 1.5.
    Sd15,
    /// Stable Diffusion XL.
    Sdxl,
}

impl AysTable {
    /// The published timesteps, the noisiest first.
    pub fn timesteps(self) -> [f64; 10] {
        match self {
            Self::Sd15 => [999.0, 850.0, 736.0, 645.0, 545.0, 455.0, 343.0, 233.0, 124.0, 24.0],
            Self::Sdxl => [999.0, 845.0, 730.0, 587.0, 443.0, 310.0, 193.0, 116.0, 53.0, 13.0],
        }
    }
}

pub(super) fn levels(schedule: &dyn Schedule, steps: usize, table: AysTable) -> Vec<Level> {
    let timesteps = table.timesteps();
    let time = |k: usize| {
        let position = 9.0 * k as f64 / (steps.max(2) - 1) as f64;
        let below = (position as usize).min(8);
        let share = position - below as f64;
        (1.0 + (1.0 - share) * timesteps[below] + share * timesteps[below + 1]) / 1000.0
    };
    (0..steps).map(|k| schedule.level(time(k))).collect()
}
