//! The block at the smallest size, `UNetMidBlock2D` without a time: residual block, attention, residual block.

use super::attention::CoderAttention;
use super::coder_spec::CoderSpec;
use super::resnet::CoderResnet;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct MidBlock2D {
    /// One, or none.
    pub attentions: Vec<CoderAttention>,
    /// Two.
    pub resnets: Vec<CoderResnet>,
}

impl MidBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        channels: usize,
    ) -> Result<Self, Error> {
        let resnets = (0..2)
            .map(|_| CoderResnet::new(init, spec, channels, channels))
            .collect::<Result<_, _>>()?;
        let attentions = if spec.mid_block_add_attention {
            vec![CoderAttention::new(init, spec, channels)?]
        } else {
            Vec::new()
        };
        Ok(Self { attentions, resnets })
    }

    pub(super) fn forward(&self, x: Tensor<4>, steering: Option<&Tensor<4>>) -> Tensor<4> {
        let x = self.resnets[0].forward(x, steering);
        let x = self.attentions.iter().fold(x, |x, attention| attention.forward(x, steering));
        self.resnets[1].forward(x, steering)
    }
}
