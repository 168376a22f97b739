//! `SD3Transformer2DModel` of diffusers: the network of Stable Diffusion 3 and 3.5 (Esser et al. 2024, "MM-DiT"), with the
//! same configuration, parameter names and numbers.

mod config;
mod inputs;
mod model;

pub use config::SD3Config;
pub use inputs::SD3Inputs;
pub use model::SD3Transformer2DModel;
