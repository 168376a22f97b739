//! Quadratic spacing: timesteps `⌊(k · √(0.8 T)/(n − 1))²⌋` for `k = n − 1 … 0`: dense near the clean end.
//!
//! Where the floor makes two timesteps equal, the later one moves up by one, so that the levels stay distinct.

use crate::Result;

pub(super) fn timesteps(total: usize, steps: usize) -> Result<Vec<usize>> {
    super::check_count(total, steps)?;
    let end = (0.8 * total as f64).sqrt();
    let spaced = |k: usize| (end * k as f64 / (steps.max(2) - 1) as f64).powi(2) as usize;
    let mut ascending: Vec<usize> = Vec::with_capacity(steps);
    for k in 0..steps {
        let lowest = ascending.last().map_or(0, |last| last + 1);
        ascending.push(spaced(k).max(lowest));
    }
    // Moving up may pass the last timestep where steps is close to the total; push those back down.
    for (distance, timestep) in ascending.iter_mut().rev().enumerate() {
        *timestep = (*timestep).min(total - 1 - distance);
    }
    ascending.reverse();
    Ok(ascending)
}
