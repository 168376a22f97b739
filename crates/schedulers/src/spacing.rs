//! Which timesteps a number of steps visits: `timestep_spacing` (Lin et al. 2024, table 2), noisiest first.
//!
//! The integer classes of the DPM-Solver family place one point more and drop the last; the classes of k-diffusion's
//! lineage keep fractions where the spacing is even.

use crate::numpy::{arange_down, linspace};
use crate::{Config, Result};

/// The value of `timestep_spacing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// From 0 to the last timestep, both visited.
    Linspace,
    /// Multiples of a whole stride, from 0.
    Leading,
    /// Strides down from the last timestep.
    Trailing,
}

impl Spacing {
    pub(crate) fn of(config: &Config, default: &str) -> Result<Self> {
        let choices = [
            ("linspace", Self::Linspace),
            ("leading", Self::Leading),
            ("trailing", Self::Trailing),
        ];
        config.choice("timestep_spacing", default, &choices)
    }
}

/// The timesteps of the classes of k-diffusion's lineage, which may be fractional.
pub(crate) fn fractional(
    config: &Config,
    spacing: Spacing,
    total: usize,
    steps: usize,
) -> Result<Vec<f64>> {
    let offset: i64 = config.get("steps_offset", 0)?;
    Ok(match spacing {
        Spacing::Linspace => linspace(0.0, total as f64 - 1.0, steps).into_iter().rev().collect(),
        Spacing::Leading => {
            let stride = total / steps;
            (0..steps).rev().map(|k| (k * stride) as f64 + offset as f64).collect()
        }
        Spacing::Trailing => trailing(total as f64, total, steps),
    })
}

/// The timesteps of the DPM-Solver family: whole numbers, of which the one after the last is the end of the way.
/// `last` is the number of timesteps that are used at all.
pub(crate) fn whole(
    config: &Config,
    spacing: Spacing,
    (total, last): (usize, usize),
    steps: usize,
) -> Result<Vec<f64>> {
    let offset: i64 = config.get("steps_offset", 0)?;
    Ok(match spacing {
        Spacing::Linspace => {
            let numbers = linspace(0.0, last as f64 - 1.0, steps + 1);
            numbers.into_iter().map(f64::round_ties_even).skip(1).rev().collect()
        }
        Spacing::Leading => {
            let stride = last / (steps + 1);
            (1..=steps).rev().map(|k| (k * stride) as f64 + offset as f64).collect()
        }
        Spacing::Trailing => trailing(last as f64, total, steps),
    })
}

/// `round(start − k · total/steps) − 1`; where rounding in the quotient makes it one number more, that one too.
fn trailing(start: f64, total: usize, steps: usize) -> Vec<f64> {
    arange_down(start, total as f64 / steps as f64)
        .into_iter()
        .map(|t| t.round_ties_even() - 1.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::parse(r#"{"_class_name": "EulerDiscreteScheduler", "steps_offset": 1}"#).unwrap()
    }

    #[test]
    fn fractional_timesteps_run_down() {
        let spaced = |spacing| fractional(&config(), spacing, 1000, 4).unwrap();
        assert_eq!(spaced(Spacing::Linspace), [999.0, 666.0, 333.0, 0.0]);
        assert_eq!(spaced(Spacing::Leading), [751.0, 501.0, 251.0, 1.0]);
        assert_eq!(spaced(Spacing::Trailing), [999.0, 749.0, 499.0, 249.0]);
    }

    #[test]
    fn whole_timesteps_leave_the_end_out() {
        let spaced = |spacing| whole(&config(), spacing, (1000, 1000), 4).unwrap();
        assert_eq!(spaced(Spacing::Linspace), [999.0, 749.0, 500.0, 250.0]);
        assert_eq!(spaced(Spacing::Leading), [801.0, 601.0, 401.0, 201.0]);
        assert_eq!(spaced(Spacing::Trailing), [999.0, 749.0, 499.0, 249.0]);
    }
}
