//! Align Your Steps: ten steps found by optimising a bound for Stable Diffusion 1.5, SDXL and Stable Video Diffusion
//! (Sabour et al. 2024, tables of their project page): timesteps out of 1000, or `sigma/alpha` for the video model.
//!
//! Other numbers of steps interpolate timesteps linearly, and `sigma/alpha` in its logarithm; the ends stay, or move to
//! those of a schedule that does not reach so far, and what is between with them.

use serde::{Deserialize, Serialize};

use crate::{Level, Schedule};

/// Which model's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AysTable {
    /// Stable Diffusion 1.5.
    Sd15,
    /// Stable Diffusion XL.
    Sdxl,
    /// Stable Video Diffusion.
    Svd,
}

/// The published steps, the noisiest first.
enum Steps {
    Timesteps([f64; 10]),
    Ratios([f64; 10]),
}

impl AysTable {
    fn steps(self) -> Steps {
        match self {
            Self::Sd15 => Steps::Timesteps([
                999.0, 850.0, 736.0, 645.0, 545.0, 455.0, 343.0, 233.0, 124.0, 24.0,
            ]),
            Self::Sdxl => Steps::Timesteps([
                999.0, 845.0, 730.0, 587.0, 443.0, 310.0, 193.0, 116.0, 53.0, 13.0,
            ]),
            Self::Svd => Steps::Ratios([
                700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034,
            ]),
        }
    }
}

pub(super) fn levels(schedule: &dyn Schedule, steps: usize, table: AysTable) -> Vec<Level> {
    let between = |numbers: &[f64; 10], k: usize| {
        let position = 9.0 * k as f64 / (steps.max(2) - 1) as f64;
        let below = (position as usize).min(8);
        let share = position - below as f64;
        (1.0 - share) * numbers[below] + share * numbers[below + 1]
    };
    let level = |k: usize| match table.steps() {
        Steps::Timesteps(timesteps) => schedule.level((1.0 + between(&timesteps, k)) / 1000.0),
        Steps::Ratios(ratios) => {
            let (max, min) = super::karras::range(schedule);
            let ends = [ratios[0], ratios[9]].map(f64::ln);
            let inside = [ratios[0].min(max), ratios[9].max(min)].map(f64::ln);
            let share = (between(&ratios.map(f64::ln), k) - ends[1]) / (ends[0] - ends[1]);
            let ratio = (inside[1] + share * (inside[0] - inside[1])).exp();
            schedule.level(schedule.time(Level::new(1.0, ratio)))
        }
    };
    (0..steps).map(level).collect()
}
