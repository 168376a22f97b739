//! Karras spacing: `s_k = (s_max^(1/ρ) + k/(n−1) · (s_min^(1/ρ) − s_max^(1/ρ)))^ρ` in `s = sigma/alpha`
//! (Karras et al. 2022, eq. 5).
//!
//! `s_max` is the schedule's at `t = 1`, or at `1 − 1/T` where pure noise makes it infinite;
//! `s_min` is the schedule's at `t = 0`, or at `1/T` where that is clean.

use crate::{Error, Level, Result, Schedule};

pub(super) fn levels(schedule: &dyn Schedule, steps: usize, rho: f64) -> Result<Vec<Level>> {
    if !(rho > 0.0 && rho.is_finite()) {
        return Err(Error::Value {
            name: "rho",
            found: rho.to_string(),
            expected: "positive and finite",
        });
    }
    let (max, min) = range(schedule);
    let (from, to) = (max.powf(1.0 / rho), min.powf(1.0 / rho));
    // A mean of the two rather than a difference, which would lose the digits of the smaller.
    Ok(between(schedule, steps, max, |share| ((1.0 - share) * from + share * to).powf(rho)))
}

/// The largest and the smallest finite, positive `s` that grids in `s` run between.
pub(super) fn range(schedule: &dyn Schedule) -> (f64, f64) {
    let step = 1.0 / schedule.steps() as f64;
    let max = first_that(schedule, [1.0, 1.0 - step], f64::is_finite);
    (max, first_that(schedule, [0.0, step], |ratio| ratio > 0.0))
}

/// The schedule's levels at `ratio(k/(n − 1))`, the first of them at `max` itself.
pub(super) fn between(
    schedule: &dyn Schedule,
    steps: usize,
    max: f64,
    ratio: impl Fn(f64) -> f64,
) -> Vec<Level> {
    let level = |ratio: f64| schedule.level(schedule.time(Level::new(1.0, ratio)));
    (0..steps)
        .map(|k| level(if k == 0 { max } else { ratio(k as f64 / (steps - 1) as f64) }))
        .collect()
}

/// `sigma/alpha` at the first of two times where it serves.
fn first_that(schedule: &dyn Schedule, times: [f64; 2], serves: impl Fn(f64) -> bool) -> f64 {
    let [first, second] = times.map(|t| schedule.level(t).ratio());
    if serves(first) { first } else { second }
}
