//! The block between the ways down and up, `UNetMidBlock2D`: residual block, attention, residual block.

use super::block_spec::quarter;
use super::config::UNet2DConfig;
use crate::layer::{
    Attention, AttentionConfig, Dropout, ResnetBlock2D, ResnetBlock2DConfig, TimeShift,
};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct UNetMidBlock2D {
    /// One, or none.
    pub attentions: Vec<Attention>,
    /// Two.
    pub resnets: Vec<ResnetBlock2D>,
}

impl UNetMidBlock2D {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        channels: usize,
    ) -> Result<Self, Error> {
        let groups = config.norm_num_groups.unwrap_or_else(|| quarter(channels));
        let output_scale = config.mid_block_scale_factor;
        let resnet = ResnetBlock2DConfig {
            groups,
            groups_out: groups,
            output_scale,
            ..config.resnet_with(channels, channels)
        };
        let attention = AttentionConfig {
            groups: match config.resnet_time_scale_shift {
                TimeShift::Default => Some(config.attn_norm_num_groups.unwrap_or(groups)),
                TimeShift::ScaleShift => config.attn_norm_num_groups,
            },
            rescale_output: output_scale,
            ..config.attention_with(channels)
        };
        let resnets = vec![ResnetBlock2D::new(init, &resnet)?, ResnetBlock2D::new(init, &resnet)?];
        let attentions =
            if config.add_attention { vec![Attention::new(init, &attention)?] } else { Vec::new() };
        Ok(Self { attentions, resnets })
    }

    pub(super) fn forward(
        &self,
        x: Tensor<4>,
        temb: &Tensor<2>,
        dropout: &mut Dropout<'_>,
    ) -> Tensor<4> {
        let x = self.resnets[0].forward(x, temb, dropout);
        let x = self.attentions.iter().fold(x, |x, attention| attention.forward(x));
        self.resnets[1].forward(x, temb, dropout)
    }
}
