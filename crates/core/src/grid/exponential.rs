//! Even in `ln s`, `s = sigma/alpha`, from the schedule's largest to its smallest: `s_k = s_max · (s_min/s_max)^{k/(n−1)}`
//! (the exponential grid of k-diffusion; the uniform log-SNR grid of Lu et al. 2022, DPM-Solver, §3).

use crate::{Level, Schedule};

pub(super) fn levels(schedule: &dyn Schedule, steps: usize) -> Vec<Level> {
    let (max, min) = super::karras::range(schedule);
    super::karras::between(schedule, steps, max, |share| {
        ((1.0 - share) * max.ln() + share * min.ln()).exp()
    })
}
