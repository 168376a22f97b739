//! The decoder: convolution, the middle, blocks that double the size, normalisation, SiLU, convolution.

use super::coder_spec::CoderSpec;
use super::kinds::UpDecoderBlockType;
use super::mid_block_2d::MidBlock2D;
use super::norm::CoderNorm;
use super::up_decoder_block_2d::UpDecoderBlock2D;
use crate::layer::{Activation, Conv2d};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The decoder with its parameters.
#[derive(Module, Debug)]
pub struct Decoder {
    /// First convolution.
    pub conv_in: Conv2d,
    /// The middle.
    pub mid_block: MidBlock2D,
    /// The way up.
    pub up_blocks: Vec<UpDecoderBlock2D>,
    /// Last normalisation.
    pub conv_norm_out: CoderNorm,
    /// Last convolution.
    pub conv_out: Conv2d,
}

impl Decoder {
    /// Builds the decoder from `inputs` to `outputs` channels; `spec` has been checked.
    pub(crate) fn new(
        init: &mut Init<'_>,
        spec: CoderSpec<'_>,
        kinds: &[UpDecoderBlockType],
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, Error> {
        let spec = &spec;
        let widths = spec.block_out_channels;
        let (n, last) = (widths.len(), widths[widths.len() - 1]);
        let conv_in = Conv2d::same3x3(init, inputs, last);
        let mid_block = MidBlock2D::new(init, spec, last)?;
        let mut up_blocks = Vec::with_capacity(n);
        for (&kind, level) in kinds.iter().zip((0..n).rev()) {
            let channels = [widths[(level + 1).min(n - 1)], widths[level]];
            let block = UpDecoderBlock2D::new(init, spec, kind, channels)?;
            up_blocks.push(if level > 0 { block.doubling(init, widths[level]) } else { block });
        }
        Ok(Self {
            conv_in,
            mid_block,
            up_blocks,
            conv_norm_out: CoderNorm::new(init, spec, widths[0])?,
            conv_out: Conv2d::same3x3(init, widths[0], outputs),
        })
    }

    /// Maps `z [N, in, H, W]` to `[N, out, 2ᵏ·H, 2ᵏ·W]`; `steering [N, L, H, W]` are the latents that steer the
    /// normalisations, where they do.
    ///
    /// Every state is handed on, so that no layer's input outlives the layer.
    pub fn forward(&self, z: Tensor<4>, steering: Option<&Tensor<4>>) -> Tensor<4> {
        let x = self.mid_block.forward(self.conv_in.forward(z), steering);
        let x = self.up_blocks.iter().fold(x, |x, block| block.forward(x, steering));
        self.conv_out.forward(self.conv_norm_out.forward_activated(x, steering, Activation::Silu))
    }
}
