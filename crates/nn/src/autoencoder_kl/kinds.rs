//! The blocks that an autoencoder's configuration writes as strings.

use serde::{Deserialize, Serialize};

/// Blocks of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownEncoderBlockType {
    /// Residual blocks, then a strided convolution.
    DownEncoderBlock2D,
    /// Residual blocks, each followed by attention with one head, then a strided convolution.
    AttnDownEncoderBlock2D,
}

/// Blocks of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpDecoderBlockType {
    /// Residual blocks, then nearest-neighbour doubling and a convolution.
    UpDecoderBlock2D,
    /// Residual blocks, each followed by attention with one head, then nearest-neighbour doubling and a convolution.
    AttnUpDecoderBlock2D,
}
