//! Parts of diffusion transformers (Peebles and Xie 2023; Esser et al. 2024): pictures as tokens, normalisations that a
//! condition scales and shifts, attention between two kinds of tokens, feed-forward layers.

pub mod ada_layer_norm;
pub(crate) mod check;
pub mod feed_forward;
pub mod joint_attention;
pub mod joint_block;
pub mod modulation;
pub mod patch_embed;
pub mod qk_norm;
pub mod rope;
pub mod sincos;
pub mod time_text_embedding;

pub use ada_layer_norm::{AdaLayerNormContinuous, AdaLayerNormZero};
pub use feed_forward::{FeedForward, FeedForwardActivation};
pub use joint_attention::{Context, JointAttention, JointAttentionConfig};
pub use joint_block::{ContextNorm, JointBlock, JointBlockConfig};
pub use modulation::Modulation;
pub use patch_embed::PatchEmbed;
pub use qk_norm::{QkNorm, QkNormType};
pub use rope::Rope;
pub use time_text_embedding::TimeTextEmbedding;
