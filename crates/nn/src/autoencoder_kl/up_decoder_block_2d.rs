//! Blocks of a decoder: `UpDecoderBlock2D` and `AttnUpDecoderBlock2D`.

use super::attention::CoderAttention;
use super::coder_spec::CoderSpec;
use super::kinds::UpDecoderBlockType;
use super::resnet::CoderResnet;
use crate::layer::Upsample2D;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Residual blocks, attention after each or after none, and, but for the last block, twice the size.
#[derive(Module, Debug)]
pub struct UpDecoderBlock2D {
    /// One per residual block, or none.
    pub attentions: Vec<CoderAttention>,
    /// Residual blocks, one more than in the encoder's block.
    pub resnets: Vec<CoderResnet>,
    /// One, or none in the last block.
    pub upsamplers: Vec<Upsample2D>,
}

impl UpDecoderBlock2D {
    /// The block from `inputs` to `outputs` channels, without a change of size yet.
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        kind: UpDecoderBlockType,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        for i in 0..=spec.layers_per_block {
            let entering = if i == 0 { inputs } else { outputs };
            resnets.push(CoderResnet::new(init, spec, entering, outputs)?);
            if kind == UpDecoderBlockType::AttnUpDecoderBlock2D {
                attentions.push(CoderAttention::new(init, spec, outputs)?);
            }
        }
        Ok(Self { attentions, resnets, upsamplers: Vec::new() })
    }

    /// The same block with twice the size at its end.
    pub(super) fn doubling(mut self, init: &mut Init<'_>, channels: usize) -> Self {
        self.upsamplers.push(Upsample2D::new(init, channels));
        self
    }

    pub(super) fn forward(&self, mut x: Tensor<4>, steering: Option<&Tensor<4>>) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(x, steering);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x, steering);
            }
        }
        self.upsamplers.iter().fold(x, |x, upsampler| upsampler.forward(x))
    }
}
