//! Trailing spacing: timesteps `round(T − k · T/n) − 1` for `k = 0 … n − 1`, halves to even.

use crate::Result;

pub(super) fn timesteps(total: usize, steps: usize) -> Result<Vec<usize>> {
    super::check_count(total, steps)?;
    let last = total as f64;
    // The difference of the first two numbers rather than the quotient itself: `arange` takes it, and where the exact
    // number is a half, its rounding decides (T = 250, n = 12 gives 186, not 187).
    let stride = last - (last - last / steps as f64);
    Ok((0..steps).map(|k| (last - k as f64 * stride).round_ties_even() as usize - 1).collect())
}
