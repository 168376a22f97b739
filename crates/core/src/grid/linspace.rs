//! Even timesteps from `T − 1` down to 0, both visited, rounded with halves to even; one step visits timestep 0 alone,
//! as `linspace(0, T − 1, 1)` does.

use crate::Result;

pub(super) fn timesteps(total: usize, steps: usize) -> Result<Vec<usize>> {
    super::check_count(total, steps)?;
    let stride = (total - 1) as f64 / (steps.max(2) - 1) as f64;
    Ok((0..steps).rev().map(|k| (k as f64 * stride).round_ties_even() as usize).collect())
}
