//! `VQModel` of diffusers: the autoencoder whose latents are rounded to a codebook (van den Oord et al. 2017, VQ-VAE;
//! Esser et al. 2021, VQGAN; Zheng et al. 2022, MoVQ, whose decoder is normalised by latents), with the same
//! configuration, parameter names and numbers.

mod config;
mod model;
mod vector_quantizer;

pub use config::{NormType, VQModelConfig};
pub use model::VQModel;
pub use vector_quantizer::VectorQuantizer;
