//! Leading spacing: timesteps `k · ⌊T/n⌋` for `k = n − 1 … 0`.

use crate::Result;

pub(super) fn timesteps(total: usize, steps: usize) -> Result<Vec<usize>> {
    super::check_count(total, steps)?;
    let stride = total / steps;
    Ok((0..steps).rev().map(|k| k * stride).collect())
}
