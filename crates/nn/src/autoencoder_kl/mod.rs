//! `AutoencoderKL` of diffusers: the variational autoencoder of latent diffusion (Rombach et al. 2022, sections 3.1 and
//! G.1; Esser et al. 2021 for its blocks), with the same configuration, parameter names and numbers.

mod attention;
mod coder_spec;
mod config;
mod decoder;
mod down_encoder_block_2d;
mod encoder;
mod kinds;
mod latent_scale;
mod mid_block_2d;
mod model;
mod norm;
mod posterior;
mod resnet;
mod tiling;
mod up_decoder_block_2d;

pub use attention::{CoderAttention, SpatialAttention};
pub(crate) use coder_spec::{CoderSpec, range};
pub use config::AutoencoderKLConfig;
pub use decoder::Decoder;
pub use down_encoder_block_2d::DownEncoderBlock2D;
pub use encoder::Encoder;
pub use kinds::{DownEncoderBlockType, UpDecoderBlockType};
pub use mid_block_2d::MidBlock2D;
pub use model::AutoencoderKL;
pub use norm::{CoderNorm, SpatialNorm};
pub use posterior::Posterior;
pub use resnet::{CoderResnet, SpatialResnetBlock2D};
pub use tiling::Tiling;
pub use up_decoder_block_2d::UpDecoderBlock2D;
