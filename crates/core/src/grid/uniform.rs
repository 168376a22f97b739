//! Even in the schedule's time: `t_k = 1 − k/n` for `k = 0 … n − 1`.

use crate::{Level, Schedule};

pub(super) fn levels(schedule: &dyn Schedule, steps: usize) -> Vec<Level> {
    (0..steps).map(|k| schedule.level(1.0 - k as f64 / steps as f64)).collect()
}
