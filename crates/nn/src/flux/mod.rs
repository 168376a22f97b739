//! `FluxTransformer2DModel` of diffusers: the network of Flux.1 (Black Forest Labs 2024), with the same configuration,
//! parameter names and numbers.

mod config;
mod inputs;
mod model;
mod single_block;

pub use config::FluxConfig;
pub use inputs::FluxInputs;
pub use model::FluxTransformer2DModel;
pub use single_block::FluxSingleBlock;
