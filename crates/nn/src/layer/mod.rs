//! Layers with the parameter names and layouts of PyTorch, computed by `langevin_kernels`.

pub mod activation;
pub mod attention;
pub mod conv2d;
pub mod downsample_2d;
pub mod dropout;
pub mod embedding;
pub mod fir;
pub mod gaussian_fourier;
pub mod geglu;
pub mod group_norm;
pub mod layer_norm;
pub mod linear;
pub mod resnet_block_2d;
pub mod rms_norm;
pub mod sinusoidal;
pub mod space_to_depth;
pub mod time_projection;
pub mod timestep_embedding;
pub mod upsample_2d;

pub use activation::Activation;
pub use attention::{Attention, AttentionConfig};
pub use conv2d::Conv2d;
pub use downsample_2d::Downsample2D;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use gaussian_fourier::GaussianFourier;
pub use geglu::Geglu;
pub use group_norm::GroupNorm;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use resnet_block_2d::{Filter, Resample, ResnetBlock2D, ResnetBlock2DConfig, TimeShift};
pub use rms_norm::RmsNorm;
pub use sinusoidal::Sinusoidal;
pub use time_projection::TimeProjection;
pub use timestep_embedding::TimestepEmbedding;
pub use upsample_2d::Upsample2D;
