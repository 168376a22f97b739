//! `AutoencoderTiny` of diffusers: the small autoencoder distilled from a large one (Boer Bohan 2023, TAESD), plain
//! convolutions and residual blocks without normalisation, with the same configuration, parameter names and numbers.

mod block;
mod coders;
mod config;
mod model;

pub use block::{ActivationStep, TinyBlock, TinyStep};
pub use coders::{Repeat, TinyCoder, TinyLayer};
pub use config::{AutoencoderTinyConfig, UpsampleKind};
pub use model::AutoencoderTiny;
