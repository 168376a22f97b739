//! The mathematics of Gaussian diffusion between "noise schedule" and "sample", without a tensor library.
//!
//! Every process of the family is `x = alpha · clean + sigma · noise`, so a [`Level`] is all that samplers know.
//! A [`Schedule`] and a [`Grid`] turn a number of steps into levels, a [`Denoiser`] estimates the clean data,
//! a [`Solver`] goes from one level to the next, and a [`Trajectory`] is the loop that joins them.
//!
//! Sampling a mixture of two Gaussians, whose denoiser is known exactly:
//!
//! ```
//! use langevin_core::{rng::Philox, AnySolver, GaussianMixture, Grid, NoNoise, RectifiedFlow, Trajectory};
//!
//! # fn main() -> langevin_core::Result<()> {
//! let mixture = GaussianMixture::new(vec![0.5, 0.5], vec![vec![-1.0], vec![1.0]], vec![vec![0.1], vec![0.1]])?;
//! let levels = Grid::Uniform.levels(&RectifiedFlow, 50)?;
//! for seed in 0..10 {
//!     let start = vec![Philox::new(seed, 0, 0).normal()];
//!     let x = Trajectory::new(start, levels.clone(), AnySolver::Heun, 0.0, &mixture, &NoNoise).run()?;
//!     assert!((x[0].abs() - 1.0).abs() < 0.5);
//! }
//! # Ok(())
//! # }
//! ```

mod denoiser;
mod error;
pub mod grid;
pub mod guidance;
pub mod langevin;
mod level;
pub mod likelihood;
mod mixture;
mod noisy_mixture;
pub mod ode;
pub mod plan;
mod prediction;
pub mod rng;
mod samples;
pub mod schedule;
pub mod sde;
pub mod solver;
mod state;
mod trajectory;

pub use denoiser::Denoiser;
pub use error::{Error, Result};
pub use grid::Grid;
pub use level::Level;
pub use mixture::GaussianMixture;
pub use noisy_mixture::NoisyMixture;
pub use prediction::Prediction;
pub use samples::Samples;
pub use schedule::{
    AnySchedule, Betas, Cosine, DdpmSchedule, Edm, Learned, LogLinear, OtPath, Rates,
    RectifiedFlow, Schedule, ShiftedFlow, Sigmoid, SubVp, Table, Ve, Vp,
};
pub use solver::{AnySolver, Eval, Solver, Step};
pub use state::State;
pub use trajectory::{NoNoise, NoiseSource, Trajectory};
