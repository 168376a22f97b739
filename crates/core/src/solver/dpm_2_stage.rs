//! The second stage of DPM2: the whole step from its start with the estimate at an inner point
//! (DPM-Solver-2 with `r = 1/2`, Lu et al. 2022, algorithm 1; Karras et al. 2022, algorithm 3 with the midpoint in `ln s`).
//!
//! Noise form: `x'/alpha' = x/alpha + (s' − s) · noise_mid`, `s = sigma/alpha`. Data form: the same with `clean_mid`
//! kept instead (DPM++ SDE).

use super::euler::remix;
use super::{Eval, Form, Output, Solver, Step, started};
use crate::{Denoiser, Result, State};

/// From the step's start at `past[len − 2]` to its end; `past.last()` is the inner point, wherever the driver put it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dpm2Stage {
    /// What of the inner point is used.
    pub form: Form,
}

impl<X: State> Solver<X> for Dpm2Stage {
    fn memory(&self) -> usize {
        2
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let (ends, to) = (started(past, 2)?, step.before_noise());
        let (start, inner) = (&ends[0], &ends[1]);
        match self.form {
            Form::Data => remix(start.level, &start.x, &inner.clean, to),
            Form::Noise => Output::Noise.transfer(start, &[(1.0, inner)], to),
        }
    }
}
