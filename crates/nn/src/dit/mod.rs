//! `DiTTransformer2DModel` of diffusers: the diffusion transformer of Peebles and Xie (2023) on classes, with the same
//! configuration, parameter names and numbers. Files of before diffusers 0.28 call it `Transformer2DModel`.

mod block;
mod config;
mod label_norm;
mod model;

pub use block::DiTBlock;
pub use config::{DiTConfig, NormType};
pub use label_norm::{LabelEmbedding, LabelNorm, TimestepLabelEmbedding};
pub use model::DiTTransformer2DModel;
