//! Noise levels by time: a [`Schedule`] maps `t` in `[0, 1]`, 0 clean and 1 noisiest, to a [`Level`] and back.

mod any;
mod cosine;
mod ddpm;
mod edm;
mod learned;
mod log_linear;
mod ot_path;
mod rates;
mod rectified_flow;
mod shifted_flow;
mod sigmoid;
mod sub_vp;
mod table;
mod ve;
mod vp;

use std::fmt::Debug;

pub use any::AnySchedule;
pub use cosine::Cosine;
pub use ddpm::{Betas, DdpmSchedule};
pub use edm::Edm;
pub use learned::Learned;
pub use log_linear::LogLinear;
pub use ot_path::OtPath;
pub use rates::Rates;
pub use rectified_flow::RectifiedFlow;
pub use shifted_flow::ShiftedFlow;
pub use sigmoid::Sigmoid;
pub use sub_vp::SubVp;
pub use table::Table;
pub use ve::Ve;
pub use vp::Vp;

use crate::Level;

/// A noise level for each time; the signal-to-noise ratio falls strictly with time.
pub trait Schedule: Debug + Send + Sync {
    /// The level at time `t`, clamped to `[0, 1]`.
    fn level(&self, t: f64) -> Level;

    /// The time at which `sigma / alpha` is that of `level`, clamped to `[0, 1]`.
    fn time(&self, level: Level) -> f64;

    /// Time derivatives of the level, by differences unless the schedule knows better.
    fn rates(&self, t: f64) -> Rates {
        Rates::numeric(self, t)
    }

    /// How many discrete timesteps the process has; continuous processes count 1000, as diffusers does.
    fn steps(&self) -> usize {
        1000
    }

    /// The number a network is told the level by: `1000 · t` unless the schedule says otherwise.
    ///
    /// Not always the inverse of [`Self::time_of_timestep`], which counts the grid's timesteps from 0.
    fn timestep(&self, level: Level) -> f64 {
        1000.0 * self.time(level)
    }

    /// The time `(i + 1) / steps` of the discrete timestep `i` in `0 … steps − 1`, which may be fractional.
    fn time_of_timestep(&self, timestep: f64) -> f64 {
        (timestep + 1.0) / self.steps() as f64
    }
}
