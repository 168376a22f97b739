//! `UNet2DModel` of diffusers: the U-Net of Ho et al. (2020), Dhariwal and Nichol (2021) and Song et al. (2021), with
//! the same configuration, parameter names and numbers.

mod block_spec;
mod check;
mod class_embedding;
mod config;
mod down_block_2d;
mod kinds;
mod mid_block_2d;
mod model;
mod skip_down_block_2d;
mod skip_up_block_2d;
mod up_block_2d;

pub use class_embedding::ClassEmbedding;
pub use config::UNet2DConfig;
pub use down_block_2d::{DownBlock2D, Downsampler};
pub use kinds::{
    ClassEmbedType, DownBlockType, MidBlockType, ResampleType, TimeEmbeddingType, UpBlockType,
};
pub use mid_block_2d::UNetMidBlock2D;
pub use model::{DownBlock, UNet2DModel, UpBlock};
pub use skip_down_block_2d::SkipDownBlock2D;
pub use skip_up_block_2d::SkipUpBlock2D;
pub use up_block_2d::{UpBlock2D, Upsampler};
