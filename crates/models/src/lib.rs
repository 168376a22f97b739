//! Models: a network, a schedule and a prediction joined into one thing that can be trained, sampled, saved and read.
//!
//! [`Model`] is the only place that knows all three.
//! A model on disk is a diffusers folder ([`Model::save`], [`Model::load`]).
//! [`sample`] draws images from it, with the solvers of the core or along a plan of a scheduler configuration; image `i`
//! depends on its own seed alone. [`likelihood`] says how probable images are under it.

mod branches;
mod classes;
mod component;
mod config;
mod denoiser;
mod error;
mod folder;
mod guiding;
mod likelihood;
mod model;
mod noise;
mod pipeline_class;
mod plan_noise;
mod planned;
mod sample;
pub mod scheduler;

pub use branches::ModelBranches;
pub use classes::Classes;
pub use component::{Holding, check_component, load_component};
pub use config::ModelConfig;
pub use denoiser::ModelDenoiser;
pub use error::{Error, Result};
pub use folder::{OWN_FILE, load_network, unused_keys};
pub use guiding::{Bounds, Mixing};
pub use langevin_schedulers::RngKind;
pub use likelihood::{LikelihoodMethod, Subjects, likelihood};
pub use model::Model;
pub use pipeline_class::{PipelineClass, Range};
pub use plan_noise::PlanNoise;
pub use sample::{Progress, SampleConfig, SampleJob, Samples, sample};
