//! Parts of transformers: those of U-Nets (Rombach et al. 2022), and those of diffusion transformers (Peebles and Xie 2023;
//! Esser et al. 2024): pictures as tokens, normalisations that a condition scales and shifts, attention to a context or
//! between two kinds of tokens, feed-forward layers.

pub mod ada_layer_norm;
pub mod basic_transformer_block;
pub(crate) mod check;
pub mod cross_attention;
pub mod feed_forward;
pub mod joint_attention;
pub mod joint_block;
pub mod modulation;
pub mod patch_embed;
pub mod qk_norm;
pub mod rope;
pub mod sincos;
pub mod time_text_embedding;
pub mod transformer_2d;

pub use ada_layer_norm::{AdaLayerNormContinuous, AdaLayerNormZero};
pub use basic_transformer_block::{BasicTransformerBlock, FirstAttention};
pub use cross_attention::{CrossAttention, CrossAttentionConfig};
pub use feed_forward::{FeedForward, FeedForwardActivation};
pub use joint_attention::{Context, JointAttention, JointAttentionConfig};
pub use joint_block::{ContextNorm, JointBlock, JointBlockConfig};
pub use modulation::Modulation;
pub use patch_embed::PatchEmbed;
pub use qk_norm::{QkNorm, QkNormType};
pub use rope::Rope;
pub use time_text_embedding::TimeTextEmbedding;
pub use transformer_2d::{TokenProjection, Transformer2D, Transformer2DConfig};
