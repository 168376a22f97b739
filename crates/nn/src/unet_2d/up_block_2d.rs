//! Ordinary blocks of the way up: `UpBlock2D`, `AttnUpBlock2D` and `ResnetUpsampleBlock2D`.

use super::block_spec::Channels;
use super::config::UNet2DConfig;
use super::kinds::{ResampleType, UpBlockType};
use crate::layer::{Attention, Dropout, Filter, Resample, ResnetBlock2D, Upsample2D};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Residual blocks, each joined with a skip, attention after each or after none, and, but for the last block, twice the
/// size.
#[derive(Module, Debug)]
pub struct UpBlock2D {
    /// One per residual block, or none.
    pub attentions: Vec<Attention>,
    /// Residual blocks, one more than on the way down.
    pub resnets: Vec<ResnetBlock2D>,
    /// One, or none in the last block.
    pub upsamplers: Vec<Upsampler>,
}

/// What doubles the size.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum Upsampler {
    /// Nearest neighbour and a convolution.
    Conv(Upsample2D),
    /// A residual block.
    Resnet(ResnetBlock2D),
}

impl UpBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        kind: UpBlockType,
        channels: Channels,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets, mut upsamplers) = (Vec::new(), Vec::new(), Vec::new());
        let count = config.layers_per_block + 1;
        for i in 0..count {
            let (state, skip) = channels.joined(i, count);
            resnets.push(ResnetBlock2D::new(init, &config.resnet(state + skip, channels.here)?)?);
            if kind == UpBlockType::AttnUpBlock2D {
                attentions.push(Attention::new(init, &config.attention(channels.here)?)?);
            }
        }
        if !last {
            let by_resnet = match kind {
                UpBlockType::ResnetUpsampleBlock2D => true,
                UpBlockType::AttnUpBlock2D => config.upsample_type == Some(ResampleType::Resnet),
                _ => false,
            };
            upsamplers.push(if by_resnet {
                let doubling = config.resampling(channels.here, Resample::Up(Filter::Box))?;
                Upsampler::Resnet(ResnetBlock2D::new(init, &doubling)?)
            } else {
                Upsampler::Conv(Upsample2D::new(init, channels.here))
            });
        }
        Ok(Self { attentions, resnets, upsamplers })
    }

    /// Maps `x`, taking its skips from the end of `skips`.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        temb: &Tensor<2>,
        skips: &mut Vec<Tensor<4>>,
        dropout: &mut Dropout<'_>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(join(x, skips), temb, dropout);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x);
            }
        }
        for upsampler in &self.upsamplers {
            x = match upsampler {
                Upsampler::Conv(conv) => conv.forward(x),
                Upsampler::Resnet(resnet) => resnet.forward(x, temb, dropout),
            };
        }
        x
    }
}

/// The channels of `x` followed by those of the last skip, which is taken away.
pub(super) fn join(x: Tensor<4>, skips: &mut Vec<Tensor<4>>) -> Tensor<4> {
    let skip =
        skips.pop().expect("the way down leaves one skip for each residual block of the way up");
    langevin_kernels::concat_channels(x, skip)
}
