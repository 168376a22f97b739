//! The choices that a `UNet2DModel` configuration writes as strings.

use serde::{Deserialize, Serialize};

/// Blocks of the way down; the prefix `UNetRes` of early files is read too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownBlockType {
    /// Residual blocks, then a strided convolution.
    #[serde(alias = "UNetResDownBlock2D")]
    DownBlock2D,
    /// Residual blocks, each followed by attention, then `downsample_type`.
    #[serde(alias = "UNetResAttnDownBlock2D")]
    AttnDownBlock2D,
    /// Residual blocks, then a residual block that halves the size.
    #[serde(alias = "UNetResResnetDownsampleBlock2D")]
    ResnetDownsampleBlock2D,
    /// Residual blocks beside a filtered picture that enters again at each size (Song et al. 2021, NCSN++).
    #[serde(alias = "UNetResSkipDownBlock2D")]
    SkipDownBlock2D,
    /// [`DownBlockType::SkipDownBlock2D`] with attention after each residual block.
    #[serde(alias = "UNetResAttnSkipDownBlock2D")]
    AttnSkipDownBlock2D,
}

impl DownBlockType {
    /// Whether the block carries the filtered picture.
    pub fn is_skip(self) -> bool {
        matches!(self, Self::SkipDownBlock2D | Self::AttnSkipDownBlock2D)
    }
}

/// Blocks of the way up; the prefix `UNetRes` of early files is read too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpBlockType {
    /// Residual blocks, then nearest-neighbour doubling and a convolution.
    #[serde(alias = "UNetResUpBlock2D")]
    UpBlock2D,
    /// Residual blocks, each followed by attention, then `upsample_type`.
    #[serde(alias = "UNetResAttnUpBlock2D")]
    AttnUpBlock2D,
    /// Residual blocks, then a residual block that doubles the size.
    #[serde(alias = "UNetResResnetUpsampleBlock2D")]
    ResnetUpsampleBlock2D,
    /// Residual blocks beside an output picture that grows with each size (Song et al. 2021, NCSN++).
    #[serde(alias = "UNetResSkipUpBlock2D")]
    SkipUpBlock2D,
    /// [`UpBlockType::SkipUpBlock2D`] with attention after the residual blocks.
    #[serde(alias = "UNetResAttnSkipUpBlock2D")]
    AttnSkipUpBlock2D,
}

impl UpBlockType {
    /// Whether the block carries the output picture.
    pub fn is_skip(self) -> bool {
        matches!(self, Self::SkipUpBlock2D | Self::AttnSkipUpBlock2D)
    }
}

/// The block between the ways down and up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MidBlockType {
    /// Residual block, attention, residual block.
    UNetMidBlock2D,
}

/// How the time enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeEmbeddingType {
    /// Sines and cosines of fixed frequencies.
    Positional,
    /// Random Fourier features of the logarithm; the output is divided by the time, which is a noise level.
    Fourier,
    /// A table with `num_train_timesteps` rows.
    Learned,
}

/// How a label enters, where it is not a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassEmbedType {
    /// Like a time.
    Timestep,
    /// As the finished embedding.
    Identity,
}

/// How blocks with attention change the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResampleType {
    /// By a convolution.
    Conv,
    /// By a residual block.
    Resnet,
}
