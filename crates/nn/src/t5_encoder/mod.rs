//! `T5EncoderModel` of transformers: the encoder of T5 (Raffel et al. 2020), with the gated feed-forward layers of its
//! version 1.1 (Shazeer 2020) where the configuration says so.

mod attention;
mod block;
mod config;
mod feed_forward;
mod model;
mod relative_position;

pub use attention::{T5Attention, T5LayerSelfAttention};
pub use block::T5Block;
pub use config::T5Config;
pub use feed_forward::{T5DenseActDense, T5DenseGatedActDense, T5FeedForward, T5LayerFF};
pub use model::{T5EncoderModel, T5Stack};
