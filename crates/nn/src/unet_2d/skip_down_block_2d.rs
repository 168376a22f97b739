//! Blocks of the way down beside which a filtered copy of the input picture is carried and added at each size:
//! `SkipDownBlock2D` and `AttnSkipDownBlock2D` (Song et al. 2021, the "input skip" of NCSN++).

use super::block_spec::Channels;
use super::config::UNet2DConfig;
use super::kinds::DownBlockType;
use crate::layer::{Attention, Conv2d, Dropout, Resample, ResnetBlock2D, fir};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Residual blocks, attention after each or after none, and, but for the last block, half the size.
#[derive(Module, Debug)]
pub struct SkipDownBlock2D {
    /// One per residual block, or none.
    pub attentions: Vec<Attention>,
    /// Residual blocks.
    pub resnets: Vec<ResnetBlock2D>,
    /// Halves the size; absent in the last block.
    pub resnet_down: Option<ResnetBlock2D>,
    /// From the carried picture's 3 channels to this block's.
    pub skip_conv: Option<Conv2d>,
}

impl SkipDownBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        kind: DownBlockType,
        channels: Channels,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        for i in 0..config.layers_per_block {
            let entering = if i == 0 { channels.previous } else { channels.here };
            resnets.push(ResnetBlock2D::new(init, &config.skip_resnet(entering, channels.here))?);
            if kind == DownBlockType::AttnSkipDownBlock2D {
                attentions.push(Attention::new(init, &config.skip_attention(channels.here))?);
            }
        }
        let halving = config.skip_resampling(channels.here, Resample::Down);
        let resnet_down = if last { None } else { Some(ResnetBlock2D::new(init, &halving)?) };
        let skip_conv = (!last).then(|| Conv2d::pointwise(init, 3, channels.here));
        Ok(Self { attentions, resnets, resnet_down, skip_conv })
    }

    /// Maps `x` and the `carried` picture, pushing every state that the way up will need onto `skips`.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        mut carried: Tensor<4>,
        temb: &Tensor<2>,
        skips: &mut Vec<Tensor<4>>,
        dropout: &mut Dropout<'_>,
    ) -> (Tensor<4>, Tensor<4>) {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(x, temb, dropout);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x);
            }
            skips.push(x.clone());
        }
        if let (Some(resnet), Some(conv)) = (&self.resnet_down, &self.skip_conv) {
            carried = fir::downsample(carried);
            x = conv.forward(carried.clone()) + resnet.forward(x, temb, dropout);
            skips.push(x.clone());
        }
        (x, carried)
    }
}
