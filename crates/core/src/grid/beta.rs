//! Quantiles of a beta distribution in `s = sigma/alpha`: `s_k = s_min + (s_max − s_min) · Q(1 − k/(n−1))`
//! (Lee et al. 2024, "Beta sampling is all you need"; with both parameters 0.6 as in diffusers).

use super::incomplete_beta::quantile;
use crate::{Error, Level, Result, Schedule};

pub(super) fn levels(
    schedule: &dyn Schedule,
    steps: usize,
    alpha: f64,
    beta: f64,
) -> Result<Vec<Level>> {
    for (name, found) in [("alpha of the beta grid", alpha), ("beta of the beta grid", beta)] {
        if !(0.01..=100.0).contains(&found) {
            let expected = "from 0.01 to 100";
            return Err(Error::Value { name, found: found.to_string(), expected });
        }
    }
    let (max, min) = super::karras::range(schedule);
    Ok(super::karras::between(schedule, steps, max, |share| {
        min + (max - min) * quantile(1.0 - share, alpha, beta)
    }))
}
