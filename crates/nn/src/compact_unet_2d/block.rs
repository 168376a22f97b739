//! The residual block of the compact U-Net: `x + conv2(silu(norm2(conv1(silu(norm1(x)))) · (1 + scale) + shift))`.

use crate::layer::{Activation, Conv2d, GroupNorm, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::Conditioning;

/// A residual block with its parameters; its second convolution starts at zero.
#[derive(Module, Debug)]
pub struct CompactBlock {
    /// First normalisation.
    pub norm1: GroupNorm,
    /// First convolution.
    pub conv1: Conv2d,
    /// From the activated embedding to a scale and a shift per channel.
    pub embedding: Linear,
    /// Second normalisation.
    pub norm2: GroupNorm,
    /// Second convolution.
    pub conv2: Conv2d,
    channels: usize,
}

impl CompactBlock {
    /// A block of `channels` channels under an embedding of `embedding_dim` numbers.
    ///
    /// # Errors
    /// [`Error::Config`] when the groups do not divide the channels.
    pub fn new(
        init: &mut Init<'_>,
        channels: usize,
        embedding_dim: usize,
        groups: usize,
        eps: f64,
    ) -> Result<Self, Error> {
        Ok(Self {
            norm1: GroupNorm::new(init, groups, channels, eps)?,
            conv1: Conv2d::same3x3(init, channels, channels),
            embedding: Linear::new(init, embedding_dim, 2 * channels),
            norm2: GroupNorm::new(init, groups, channels, eps)?,
            conv2: Conv2d::same3x3(init, channels, channels).zeroed(),
            channels,
        })
    }

    /// Maps `x [N, C, H, W]` under the activated embedding `[N, embedding_dim]`.
    pub fn forward(&self, x: Tensor<4>, embedding: &Tensor<2>) -> Tensor<4> {
        let adapt = self.embedding.forward(embedding.clone());
        let scale = adapt.clone().narrow(1, 0, self.channels);
        let shift = adapt.narrow(1, self.channels, self.channels);
        let h = self.conv1.forward(self.norm1.forward_activated(
            x.clone(),
            Conditioning::default(),
            Activation::Silu,
        ));
        let conditioning = Conditioning { offset: None, scale_shift: Some((scale, shift)) };
        let h = self.norm2.forward_activated(h, conditioning, Activation::Silu);
        self.conv2.forward_plus(h, x)
    }
}
