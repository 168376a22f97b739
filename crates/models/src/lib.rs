//! Models: a network, a schedule and a prediction joined into one thing that can be trained, sampled, saved and read.
//!
//! [`Model`] is the only place that knows all three.
//! A model on disk is a diffusers folder ([`Model::save`], [`Model::load`]).
//! [`sample`] draws images from it; image `i` depends on its own seed alone.

mod classes;
mod config;
mod denoiser;
mod error;
mod folder;
mod model;
mod noise;
mod sample;
pub mod scheduler;

pub use classes::Classes;
pub use config::ModelConfig;
pub use denoiser::ModelDenoiser;
pub use error::{Error, Result};
pub use folder::{load_network, unused_keys};
pub use model::Model;
pub use noise::RngKind;
pub use sample::{Progress, SampleConfig, SampleJob, Samples, sample};
