//! `PriorTransformer` of diffusers: predicts the image embedding of a caption (Ramesh et al. 2022, section 2.2, the "diffusion
//! prior"), out of a noisy one, the time, the caption's embedding and its tokens.

mod block;
mod check;
mod config;
mod model;

pub use block::{PriorAttention, PriorBlock};
pub use config::{PriorAddedEmbedding, PriorNorm, PriorProjectionKind, PriorTransformerConfig};
pub use model::{PriorInputs, PriorTransformer};
