//! The choices that a `UNet2DConditionModel` configuration writes as strings.

use serde::{Deserialize, Serialize};

/// Blocks of the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownBlockType {
    /// Residual blocks, then a strided convolution.
    DownBlock2D,
    /// Residual blocks, each followed by a transformer, then a strided convolution.
    CrossAttnDownBlock2D,
}

/// Blocks of the way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpBlockType {
    /// Residual blocks, then nearest-neighbour doubling and a convolution.
    UpBlock2D,
    /// Residual blocks, each followed by a transformer, then doubling.
    CrossAttnUpBlock2D,
}

/// The block between the ways down and up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MidBlockType {
    /// Residual block, transformer, residual block.
    UNetMidBlock2DCrossAttn,
    /// One residual block.
    UNetMidBlock2D,
}

/// How a label enters, where it is not a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassEmbedType {
    /// Like a time.
    Timestep,
    /// As the finished embedding.
    Identity,
    /// As a vector through a perceptron of two layers.
    Projection,
    /// As a vector through one linear map.
    SimpleProjection,
}

/// What else is added to the embedding of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdditionEmbedType {
    /// The pooled text and six numbers embedded like times (Podell et al. 2024, §2.2).
    TextTime,
}

/// What happens to the context first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderHidDimType {
    /// A linear map.
    TextProj,
}
