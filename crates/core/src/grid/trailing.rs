//! Trailing spacing: timesteps `round(T − k · T/n) − 1` for `k = 0 … n − 1`, halves to even.

use crate::Result;

pub(super) fn timesteps(total: usize, steps: usize) -> Result<Vec<usize>> {
    super::check_count(total, steps)?;
    let stride = total as f64 / steps as f64;
    Ok((0..steps).map(|k| (total as f64 - k as f64 * stride).round_ties_even() as usize - 1).collect())
}
