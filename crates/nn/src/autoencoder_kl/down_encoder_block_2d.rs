//! Blocks of an encoder: `DownEncoderBlock2D` and `AttnDownEncoderBlock2D`.

use super::attention::CoderAttention;
use super::coder_spec::CoderSpec;
use super::kinds::DownEncoderBlockType;
use super::resnet::CoderResnet;
use crate::layer::Downsample2D;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Residual blocks, attention after each or after none, and, but for the last block, half the size.
#[derive(Module, Debug)]
pub struct DownEncoderBlock2D {
    /// One per residual block, or none.
    pub attentions: Vec<CoderAttention>,
    /// Residual blocks.
    pub resnets: Vec<CoderResnet>,
    /// One, or none in the last block.
    pub downsamplers: Vec<Downsample2D>,
}

impl DownEncoderBlock2D {
    /// The block from `inputs` to `outputs` channels, without a change of size yet.
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        kind: DownEncoderBlockType,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        for i in 0..spec.layers_per_block {
            let entering = if i == 0 { inputs } else { outputs };
            resnets.push(CoderResnet::new(init, spec, entering, outputs)?);
            if kind == DownEncoderBlockType::AttnDownEncoderBlock2D {
                attentions.push(CoderAttention::new(init, spec, outputs)?);
            }
        }
        Ok(Self { attentions, resnets, downsamplers: Vec::new() })
    }

    /// The same block with half the size at its end, one zero following the last row and column.
    pub(super) fn halving(mut self, init: &mut Init<'_>, channels: usize) -> Self {
        self.downsamplers.push(Downsample2D::new(init, channels, 0));
        self
    }

    pub(super) fn forward(&self, mut x: Tensor<4>) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(x, None);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x, None);
            }
        }
        self.downsamplers.iter().fold(x, |x, downsampler| downsampler.forward(x))
    }
}
