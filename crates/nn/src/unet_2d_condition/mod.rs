//! `UNet2DConditionModel` of diffusers: the U-Net that attends to a context, of Stable Diffusion 1, 2 and XL (Rombach et
//! al. 2022; Podell et al. 2024).

mod block;
mod check;
mod class_embedding;
mod config;
mod inputs;
mod kinds;
mod model;
mod per_level;
mod time_embedding;

pub use config::UNet2DConditionConfig;
pub use inputs::Conditions;
pub use kinds::{
    AdditionEmbedType, ClassEmbedType, DownBlockType, EncoderHidDimType, MidBlockType, UpBlockType,
};
pub use model::UNet2DConditionModel;
pub use per_level::PerLevel;
