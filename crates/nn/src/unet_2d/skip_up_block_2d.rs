//! Blocks of the way up that each add to an output picture, which is carried and filtered to the next size:
//! `SkipUpBlock2D` and `AttnSkipUpBlock2D` (Song et al. 2021, the "output skip" of NCSN++).

use super::block_spec::{Channels, quarter};
use super::config::UNet2DConfig;
use super::kinds::UpBlockType;
use super::up_block_2d::join;
use crate::layer::{
    Activation, Attention, Conv2d, Dropout, GroupNorm, Resample, ResnetBlock2D,
    ResnetBlock2DConfig, fir,
};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::Conditioning;

/// Residual blocks, each joined with a skip, attention after all or none, and, but for the last block, an addition to
/// the picture and twice the size.
#[derive(Module, Debug)]
pub struct SkipUpBlock2D {
    /// One after the residual blocks, or none.
    pub attentions: Vec<Attention>,
    /// Residual blocks, one more than on the way down.
    pub resnets: Vec<ResnetBlock2D>,
    /// Doubles the size; absent in the last block.
    pub resnet_up: Option<ResnetBlock2D>,
    /// To the 3 channels of the carried picture.
    pub skip_conv: Option<Conv2d>,
    /// Normalisation before `skip_conv`.
    pub skip_norm: Option<GroupNorm>,
}

impl SkipUpBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        kind: UpBlockType,
        channels: Channels,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        let (count, here) = (config.layers_per_block + 1, channels.here);
        let attends = kind == UpBlockType::AttnSkipUpBlock2D;
        for i in 0..count {
            let (state, skip) = channels.joined(i, count);
            // With attention, diffusers divides only the skip's channels by four.
            let groups = if attends { (state + skip / 4).min(32) } else { quarter(state + skip) };
            let resnet = ResnetBlock2DConfig { groups, ..config.skip_resnet(state + skip, here) };
            resnets.push(ResnetBlock2D::new(init, &resnet)?);
        }
        if attends {
            attentions.push(Attention::new(init, &config.skip_attention(here))?);
        }
        if last {
            return Ok(Self {
                attentions,
                resnets,
                resnet_up: None,
                skip_conv: None,
                skip_norm: None,
            });
        }
        let doubling = config.skip_resampling(here, Resample::Up);
        Ok(Self {
            attentions,
            resnets,
            resnet_up: Some(ResnetBlock2D::new(init, &doubling)?),
            skip_conv: Some(Conv2d::same3x3(init, here, 3)),
            skip_norm: Some(GroupNorm::new(init, quarter(here), here, config.norm_eps)?),
        })
    }

    /// Maps `x` and the `carried` picture, taking its skips from the end of `skips`.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        carried: Option<Tensor<4>>,
        temb: &Tensor<2>,
        skips: &mut Vec<Tensor<4>>,
        dropout: &mut Dropout<'_>,
    ) -> (Tensor<4>, Option<Tensor<4>>) {
        for resnet in &self.resnets {
            x = resnet.forward(join(x, skips), temb, dropout);
        }
        for attention in &self.attentions {
            x = attention.forward(x);
        }
        let mut carried = carried.map(fir::upsample);
        if let (Some(resnet), Some(conv), Some(norm)) =
            (&self.resnet_up, &self.skip_conv, &self.skip_norm)
        {
            let addition = conv.forward(norm.forward_activated(
                x.clone(),
                Conditioning::default(),
                Activation::Silu,
            ));
            carried = Some(match carried {
                Some(picture) => picture + addition,
                None => addition,
            });
            x = resnet.forward(x, temb, dropout);
        }
        (x, carried)
    }
}
