//! Langevin's compact U-Net for small pictures, made to learn fast on a CPU.
//!
//! - Space-to-depth at the entry: the work of a 3×3 convolution falls with the square of the patch, while the channels
//!   it adds at the entry are few.
//! - Residual blocks of two 3×3 convolutions; each second normalisation takes scale and shift from the embedding of
//!   time and class (adaptive group normalisation, Dhariwal and Nichol 2021) and is fused with SiLU.
//! - A skip joins the way up through a 1×1 convolution of the concatenation `[upsampled, skip]`. That map is linear, so
//!   it is split into one of each part and their sum: nothing is copied together, and the 3×3 convolutions that follow
//!   work on half the channels.
//! - Attention once, where the picture is smallest.
//! - Whatever ends a residual branch, and the output, start at zero, so the network starts as the zero function.

mod block;
mod config;
mod model;

pub use block::CompactBlock;
pub use config::CompactUNet2DConfig;
pub use model::CompactUNet2D;
