//! Which noise levels a sampler visits: a [`Grid`] places a number of steps on a schedule.

mod ays;
mod beta;
mod exponential;
mod incomplete_beta;
mod karras;
mod leading;
mod linspace;
mod quadratic;
mod strength;
mod trailing;
mod uniform;

use std::fmt;
use std::str::FromStr;

pub use ays::AysTable;
pub use incomplete_beta::{incomplete_beta, quantile};
pub use strength::start_at;

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Result, Schedule};

/// Largest number of steps that is accepted.
pub const MAX_STEPS: usize = 1_000_000;

/// How the levels are spaced.
///
/// ```
/// use langevin_core::{DdpmSchedule, Grid, Level, Schedule};
///
/// # fn main() -> langevin_core::Result<()> {
/// let schedule = DdpmSchedule::linear();
/// let levels = Grid::Trailing.levels(&schedule, 50)?;
/// // 50 steps need 51 levels, from the noisiest to clean data.
/// assert_eq!(levels.len(), 51);
/// assert_eq!(schedule.timestep(levels[0]).round(), 999.0);
/// assert_eq!(levels[50], Level::CLEAN);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grid {
    /// Even in the schedule's time: `t = 1, 1 − 1/n, …, 1/n`.
    Uniform,
    /// Timesteps `k · ⌊T/n⌋` (Ho et al. and DDIM; the last timestep is not visited).
    Leading,
    /// Timesteps `round(T − k · T/n) − 1` (Lin et al. 2024, table 2; starts at the last timestep).
    Trailing,
    /// Timesteps evenly from 0 to `T − 1`, both visited.
    Linspace,
    /// Timesteps `⌊(k · √(0.8 T)/(n − 1))²⌋` (Song et al. 2021, DDIM, appendix D.2).
    Quadratic,
    /// Even in `(sigma/alpha)^(1/ρ)` (Karras et al. 2022, eq. 5).
    Karras {
        /// The exponent; the paper's is 7.
        rho: f64,
    },
    /// Even in `ln(sigma/alpha)`: the exponential grid, and the uniform log-SNR grid of Lu et al. 2022.
    Exponential,
    /// Quantiles of a beta distribution in `sigma/alpha` (Lee et al. 2024).
    Beta {
        /// First parameter; 0.6 in diffusers.
        alpha: f64,
        /// Second parameter; 0.6 in diffusers.
        beta: f64,
    },
    /// Align Your Steps (Sabour et al. 2024).
    Ays {
        /// The model that the steps were found for.
        table: AysTable,
    },
}

impl Grid {
    /// Names for help texts and errors.
    pub const NAMES: &[&str] = &[
        "uniform",
        "leading",
        "trailing",
        "linspace",
        "quadratic",
        "karras",
        "exponential",
        "lu",
        "beta",
        "ays",
        "ays-sdxl",
        "ays-svd",
    ];

    /// The `steps + 1` levels from the noisiest to [`Level::CLEAN`], each less noisy than the one before.
    ///
    /// # Errors
    /// Where `steps` is 0 or absurd, or larger than the number of timesteps that the grid picks from, or where the
    /// levels are so close that double precision does not tell them apart (an extreme `rho`, for example).
    pub fn levels(&self, schedule: &dyn Schedule, steps: usize) -> Result<Vec<Level>> {
        if steps == 0 || steps > MAX_STEPS {
            return Err(Error::Value {
                name: "steps",
                found: steps.to_string(),
                expected: "from 1 to 1000000",
            });
        }
        let mut levels = match *self {
            Self::Uniform => uniform::levels(schedule, steps),
            Self::Leading => at_timesteps(schedule, leading::timesteps(schedule.steps(), steps)?),
            Self::Trailing => at_timesteps(schedule, trailing::timesteps(schedule.steps(), steps)?),
            Self::Linspace => at_timesteps(schedule, linspace::timesteps(schedule.steps(), steps)?),
            Self::Quadratic => {
                at_timesteps(schedule, quadratic::timesteps(schedule.steps(), steps)?)
            }
            Self::Karras { rho } => karras::levels(schedule, steps, rho)?,
            Self::Exponential => exponential::levels(schedule, steps),
            Self::Beta { alpha, beta } => beta::levels(schedule, steps, alpha, beta)?,
            Self::Ays { table } => ays::levels(schedule, steps, table),
        };
        levels.push(Level::CLEAN);
        // Written so that NaN does not pass either.
        if levels.windows(2).all(|pair| pair[1].ratio() < pair[0].ratio()) {
            return Ok(levels);
        }
        Err(Error::Value {
            name: "steps",
            found: steps.to_string(),
            expected: "so few on this grid and schedule that each level is less noisy than the one before",
        })
    }
}

fn at_timesteps(schedule: &dyn Schedule, timesteps: Vec<usize>) -> Vec<Level> {
    timesteps.into_iter().map(|i| schedule.level(schedule.time_of_timestep(i as f64))).collect()
}

/// Grids of distinct timesteps cannot have more steps than there are timesteps.
fn check_count(timesteps: usize, steps: usize) -> Result<()> {
    if steps > timesteps {
        let expected = "at most the schedule's number of timesteps on this grid (uniform and karras have no such bound)";
        return Err(Error::Value { name: "steps", found: steps.to_string(), expected });
    }
    Ok(())
}

impl FromStr for Grid {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "uniform" => Ok(Self::Uniform),
            "leading" => Ok(Self::Leading),
            "trailing" => Ok(Self::Trailing),
            "linspace" => Ok(Self::Linspace),
            "quadratic" => Ok(Self::Quadratic),
            "karras" => Ok(Self::Karras { rho: 7.0 }),
            "exponential" | "lu" => Ok(Self::Exponential),
            "beta" => Ok(Self::Beta { alpha: 0.6, beta: 0.6 }),
            "ays" => Ok(Self::Ays { table: AysTable::Sd15 }),
            "ays-sdxl" => Ok(Self::Ays { table: AysTable::Sdxl }),
            "ays-svd" => Ok(Self::Ays { table: AysTable::Svd }),
            _ => Err(Error::Name { kind: "grid", found: name.to_owned(), names: Self::NAMES }),
        }
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uniform => "uniform",
            Self::Leading => "leading",
            Self::Trailing => "trailing",
            Self::Linspace => "linspace",
            Self::Quadratic => "quadratic",
            Self::Karras { .. } => "karras",
            Self::Exponential => "exponential",
            Self::Beta { .. } => "beta",
            Self::Ays { table: AysTable::Sd15 } => "ays",
            Self::Ays { table: AysTable::Sdxl } => "ays-sdxl",
            Self::Ays { table: AysTable::Svd } => "ays-svd",
        })
    }
}
