//! The encoder: convolution, blocks that halve the size, the middle, normalisation, SiLU, convolution.

use super::coder_spec::CoderSpec;
use super::down_encoder_block_2d::DownEncoderBlock2D;
use super::kinds::DownEncoderBlockType;
use super::mid_block_2d::MidBlock2D;
use super::norm::CoderNorm;
use crate::layer::{Activation, Conv2d};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The encoder with its parameters.
#[derive(Module, Debug)]
pub struct Encoder {
    /// First convolution.
    pub conv_in: Conv2d,
    /// The way down.
    pub down_blocks: Vec<DownEncoderBlock2D>,
    /// The middle.
    pub mid_block: MidBlock2D,
    /// Last normalisation.
    pub conv_norm_out: CoderNorm,
    /// Last convolution.
    pub conv_out: Conv2d,
}

impl Encoder {
    /// Builds the encoder from `inputs` to `outputs` channels; `spec` has been checked.
    pub(crate) fn new(
        init: &mut Init<'_>,
        spec: CoderSpec<'_>,
        kinds: &[DownEncoderBlockType],
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, Error> {
        let spec = &spec.unsteered();
        let widths = spec.block_out_channels;
        let last = widths[widths.len() - 1];
        let conv_in = Conv2d::same3x3(init, inputs, widths[0]);
        let mut down_blocks = Vec::with_capacity(kinds.len());
        for (i, &kind) in kinds.iter().enumerate() {
            let channels = [widths[i.saturating_sub(1)], widths[i]];
            let block = DownEncoderBlock2D::new(init, spec, kind, channels)?;
            let halves = i + 1 < kinds.len();
            down_blocks.push(if halves { block.halving(init, widths[i]) } else { block });
        }
        Ok(Self {
            conv_in,
            down_blocks,
            mid_block: MidBlock2D::new(init, spec, last)?,
            conv_norm_out: CoderNorm::new(init, spec, last)?,
            conv_out: Conv2d::same3x3(init, last, outputs),
        })
    }

    /// Maps `[N, in, H, W]` to `[N, out, H/2ᵏ, W/2ᵏ]`, rounded down at each of the k halvings.
    pub fn forward(&self, sample: Tensor<4>) -> Tensor<4> {
        let x = self.conv_in.forward(sample);
        let x = self.down_blocks.iter().fold(x, |x, block| block.forward(x));
        let x = self.mid_block.forward(x, None);
        self.conv_out.forward(self.conv_norm_out.forward_activated(x, None, Activation::Silu))
    }
}
