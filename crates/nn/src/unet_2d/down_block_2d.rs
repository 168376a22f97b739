//! Ordinary blocks of the way down: `DownBlock2D`, `AttnDownBlock2D` and `ResnetDownsampleBlock2D`.

use super::block_spec::Channels;
use super::config::UNet2DConfig;
use super::kinds::{DownBlockType, ResampleType};
use crate::layer::{Attention, Downsample2D, Dropout, Filter, Resample, ResnetBlock2D};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Residual blocks, attention after each or after none, and, but for the last block, half the size.
#[derive(Module, Debug)]
pub struct DownBlock2D {
    /// One per residual block, or none.
    pub attentions: Vec<Attention>,
    /// Residual blocks.
    pub resnets: Vec<ResnetBlock2D>,
    /// One, or none in the last block.
    pub downsamplers: Vec<Downsampler>,
}

/// What halves the size.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum Downsampler {
    /// A strided convolution.
    Conv(Downsample2D),
    /// A residual block.
    Resnet(ResnetBlock2D),
}

impl DownBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        kind: DownBlockType,
        channels: Channels,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets, mut downsamplers) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..config.layers_per_block {
            let entering = if i == 0 { channels.previous } else { channels.here };
            resnets.push(ResnetBlock2D::new(init, &config.resnet(entering, channels.here)?)?);
            if kind == DownBlockType::AttnDownBlock2D {
                attentions.push(Attention::new(init, &config.attention(channels.here)?)?);
            }
        }
        if !last {
            let by_resnet = match kind {
                DownBlockType::ResnetDownsampleBlock2D => true,
                DownBlockType::AttnDownBlock2D => {
                    config.downsample_type == Some(ResampleType::Resnet)
                }
                _ => false,
            };
            downsamplers.push(if by_resnet {
                let halving = config.resampling(channels.here, Resample::Down(Filter::Box))?;
                Downsampler::Resnet(ResnetBlock2D::new(init, &halving)?)
            } else {
                Downsampler::Conv(Downsample2D::new(init, channels.here, config.downsample_padding))
            });
        }
        Ok(Self { attentions, resnets, downsamplers })
    }

    /// Maps `x`, pushing every state that the way up will need onto `skips`.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        temb: &Tensor<2>,
        skips: &mut Vec<Tensor<4>>,
        dropout: &mut Dropout<'_>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(x, temb, dropout);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x);
            }
            skips.push(x.clone());
        }
        for downsampler in &self.downsamplers {
            x = match downsampler {
                Downsampler::Conv(conv) => conv.forward(x),
                Downsampler::Resnet(resnet) => resnet.forward(x, temb, dropout),
            };
            skips.push(x.clone());
        }
        x
    }
}
