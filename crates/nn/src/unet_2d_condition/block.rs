//! The blocks of the ways down and up and of the middle: residual blocks, with a transformer after each or after none.

use super::config::UNet2DConditionConfig;
use super::kinds::{DownBlockType, MidBlockType, UpBlockType};
use crate::branches::branched;
use crate::layer::{
    Downsample2D, Dropout, Resample, ResnetBlock2D, ResnetBlock2DConfig, Upsample2D,
};
use crate::transformer::{FirstAttention, TokenProjection, Transformer2D, Transformer2DConfig};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// One level of the network, as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Channels that enter from the block before.
    pub(super) previous: usize,
    /// On the way up, channels of the skips from the next larger size.
    pub(super) skip: usize,
    /// Channels of this level.
    pub(super) here: usize,
    /// Residual blocks.
    pub(super) resnets: usize,
    /// Transformer blocks in each transformer.
    pub(super) layers: usize,
    /// Heads.
    pub(super) heads: usize,
    /// Numbers per token of the context.
    pub(super) context: usize,
    /// Whom the first attention asks.
    pub(super) first: FirstAttention,
}

impl Level {
    fn transformer(&self, config: &UNet2DConditionConfig) -> Transformer2DConfig {
        Transformer2DConfig {
            channels: self.here,
            heads: self.heads,
            context: self.context,
            layers: self.layers,
            groups: config.norm_num_groups.unwrap_or(1),
            projection: if config.use_linear_projection {
                TokenProjection::Linear
            } else {
                TokenProjection::Convolution
            },
            first: self.first,
        }
    }

    fn resnet(
        &self,
        init: &mut Init<'_>,
        config: &UNet2DConditionConfig,
        entering: usize,
        output_scale: f64,
    ) -> Result<ResnetBlock2D, Error> {
        let groups = config.norm_num_groups.unwrap_or(1);
        let joined = if config.class_embeddings_concat { 2 } else { 1 };
        let config = ResnetBlock2DConfig {
            in_channels: entering,
            out_channels: self.here,
            temb_channels: Some(joined * config.time_dim()),
            groups,
            groups_out: groups,
            eps: config.norm_eps,
            activation: config.act_fn,
            time_shift: config.resnet_time_scale_shift,
            skip_time_act: false,
            dropout: config.dropout,
            output_scale,
            resample: Resample::None,
            conv_shortcut: false,
        };
        ResnetBlock2D::new(init, &config)
    }
}

/// A residual block, on as many entries as `x` has.
fn residual(resnet: &ResnetBlock2D, x: Tensor<4>, temb: &Tensor<2>) -> Tensor<4> {
    let temb = branched(temb.clone(), x.dims()[0]);
    resnet.forward(x, &temb, &mut Dropout::Off)
}

/// A block of the way down.
#[derive(Module, Debug)]
pub struct DownBlock {
    /// One per residual block, or none.
    pub attentions: Vec<Transformer2D>,
    /// Residual blocks.
    pub resnets: Vec<ResnetBlock2D>,
    /// One, or none in the last block.
    pub downsamplers: Vec<Downsample2D>,
}

impl DownBlock {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConditionConfig,
        kind: DownBlockType,
        level: Level,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        for i in 0..level.resnets {
            let entering = if i == 0 { level.previous } else { level.here };
            resnets.push(level.resnet(init, config, entering, 1.0)?);
            if kind == DownBlockType::CrossAttnDownBlock2D {
                attentions.push(Transformer2D::new(init, &level.transformer(config))?);
            }
        }
        let downsamplers = if last {
            Vec::new()
        } else {
            vec![Downsample2D::new(init, level.here, config.downsample_padding)]
        };
        Ok(Self { attentions, resnets, downsamplers })
    }

    /// Maps `x`, pushing every state that the way up will need onto `skips`.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        temb: &Tensor<2>,
        context: &Tensor<3>,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = residual(resnet, x, temb);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x, context);
            }
            skips.push(x.clone());
        }
        for downsampler in &self.downsamplers {
            x = downsampler.forward(x);
            skips.push(x.clone());
        }
        x
    }
}

/// The block between the ways down and up.
#[derive(Module, Debug)]
pub struct MidBlock {
    /// One, or none.
    pub attentions: Vec<Transformer2D>,
    /// Two, or one without a transformer.
    pub resnets: Vec<ResnetBlock2D>,
}

impl MidBlock {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConditionConfig,
        kind: MidBlockType,
        level: Level,
    ) -> Result<Self, Error> {
        let level = Level { first: FirstAttention::Itself, ..level };
        let scale = config.mid_block_scale_factor;
        let mut resnets = vec![level.resnet(init, config, level.here, scale)?];
        let mut attentions = Vec::new();
        if kind == MidBlockType::UNetMidBlock2DCrossAttn {
            attentions.push(Transformer2D::new(init, &level.transformer(config))?);
            resnets.push(level.resnet(init, config, level.here, scale)?);
        }
        Ok(Self { attentions, resnets })
    }

    pub(super) fn forward(&self, x: Tensor<4>, temb: &Tensor<2>, context: &Tensor<3>) -> Tensor<4> {
        let mut x = residual(&self.resnets[0], x, temb);
        for (attention, resnet) in self.attentions.iter().zip(&self.resnets[1..]) {
            x = residual(resnet, attention.forward(x, context), temb);
        }
        x
    }
}

/// A block of the way up.
#[derive(Module, Debug)]
pub struct UpBlock {
    /// One per residual block, or none.
    pub attentions: Vec<Transformer2D>,
    /// Residual blocks, one more than on the way down.
    pub resnets: Vec<ResnetBlock2D>,
    /// One, or none in the last block.
    pub upsamplers: Vec<Upsample2D>,
}

impl UpBlock {
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConditionConfig,
        kind: UpBlockType,
        level: Level,
        last: bool,
    ) -> Result<Self, Error> {
        let (mut attentions, mut resnets) = (Vec::new(), Vec::new());
        let count = level.resnets + 1;
        for i in 0..count {
            let state = if i == 0 { level.previous } else { level.here };
            let skip = if i + 1 == count { level.skip } else { level.here };
            resnets.push(level.resnet(init, config, state + skip, 1.0)?);
            if kind == UpBlockType::CrossAttnUpBlock2D {
                attentions.push(Transformer2D::new(init, &level.transformer(config))?);
            }
        }
        let upsamplers = if last { Vec::new() } else { vec![Upsample2D::new(init, level.here)] };
        Ok(Self { attentions, resnets, upsamplers })
    }

    /// Maps `x`, taking its skips from the end of `skips`; it ends as large as the skip that then is last.
    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        temb: &Tensor<2>,
        context: &Tensor<3>,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            let skip = skips
                .pop()
                .expect("the way down leaves one skip for each residual block of the way up");
            let skip = branched(skip, x.dims()[0]);
            x = residual(resnet, langevin_kernels::concat_channels(x, skip), temb);
            if let Some(attention) = self.attentions.get(i) {
                x = attention.forward(x, context);
            }
        }
        for upsampler in &self.upsamplers {
            x = match skips.last() {
                Some(next) => upsampler.forward_to(x, [next.dims()[2], next.dims()[3]]),
                None => upsampler.forward(x),
            };
        }
        x
    }
}
