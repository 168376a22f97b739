//! Training: objectives, the optimiser, the moving average, the loop, checkpoints and run folders.
//!
//! [`train`] takes a [`TrainConfig`] and a [`RunFolder`] and tells an observer what happens:
//!
//! ```no_run
//! use langevin_train::{Event, Flow, RunFolder, Start, TrainConfig, train};
//!
//! let config = TrainConfig::from_toml("[data]\nsource = \"digits\"\n\n[run]\nsteps = 2000\n", &[])?;
//! let mut losses = Vec::new();
//! train(&config, &RunFolder::at("runs/digits"), Start::Fresh, &mut |event| {
//!     if let Event::Step(step) = event {
//!         losses.push(step.loss);
//!     }
//!     Flow::Continue
//! })?;
//! # Ok::<(), langevin_train::Error>(())
//! ```
//!
//! Everything random is a pure function of the seed and the step, so a run has no random state but its step number:
//! interrupted and resumed, it ends in the same bytes.

pub mod config;

mod checkpoint;
mod checkpoint_writer;
mod checkpoints;
mod clock;
mod ema;
mod error;
mod event;
mod fingerprint;
mod lr;
mod metrics;
mod normal_quantile;
mod objective;
mod optimiser;
mod optimiser_state;
mod peak_memory;
mod recent;
mod run_folder;
mod session;
mod setup;
mod sheets;
pub mod time_distribution;
mod trainer;
mod training;
mod weighting;

pub use checkpoint::{Checkpoint, TrainingState};
pub use checkpoints::{Checkpoints, Latest};
pub use config::TrainConfig;
pub use ema::ema_decay;
pub use error::{Error, Result};
pub use event::{Event, Flow, Started, StepReport, Summary};
pub use fingerprint::fingerprint;
pub use lr::learning_rate;
pub use metrics::{Metric, read_metrics};
pub use objective::{NoisyBatch, Objective};
pub use optimiser::{GradientSum, OptimiserStep, optimiser_step};
pub use optimiser_state::{OptimiserState, Slot};
pub use peak_memory::peak_memory;
pub use run_folder::{RUN_FORMAT, RunFolder, RunInfo};
pub use trainer::{StepResult, Trainer};
pub use training::{Outcome, Start, train, train_on};
pub use weighting::Weighting;
