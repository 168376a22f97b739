//! What the blocks of one network have in common, taken from its configuration.

use super::config::UNet2DConfig;
use crate::Error;
use crate::layer::{AttentionConfig, Filter, Resample, ResnetBlock2DConfig};
use std::f64::consts::SQRT_2;

/// Channels of one block of the way down or up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channels {
    /// Channels that enter from the block before.
    pub(super) previous: usize,
    /// On the way up, channels of the skips from the next larger size.
    pub(super) skip: usize,
    /// Channels of this block.
    pub(super) here: usize,
}

impl Channels {
    /// Channels entering the i-th of `count` residual blocks of the way up: the state, and the skip joined to it.
    pub(super) fn joined(&self, i: usize, count: usize) -> (usize, usize) {
        let state = if i == 0 { self.previous } else { self.here };
        let skip = if i + 1 == count { self.skip } else { self.here };
        (state, skip)
    }
}

impl UNet2DConfig {
    /// A residual block of an ordinary block.
    pub(super) fn resnet(
        &self,
        in_channels: usize,
        out_channels: usize,
    ) -> Result<ResnetBlock2DConfig, Error> {
        let groups = self.groups()?;
        Ok(ResnetBlock2DConfig {
            groups,
            groups_out: groups,
            ..self.resnet_with(in_channels, out_channels)
        })
    }

    /// A residual block that changes the size between `channels`.
    pub(super) fn resampling(
        &self,
        channels: usize,
        resample: Resample,
    ) -> Result<ResnetBlock2DConfig, Error> {
        Ok(ResnetBlock2DConfig { resample, ..self.resnet(channels, channels)? })
    }

    /// A residual block of a Skip block: groups by its channels, and outputs divided by √2.
    pub(super) fn skip_resnet(
        &self,
        in_channels: usize,
        out_channels: usize,
    ) -> ResnetBlock2DConfig {
        ResnetBlock2DConfig { output_scale: SQRT_2, ..self.resnet_with(in_channels, out_channels) }
    }

    /// The residual block of a Skip block that changes the size by the binomial filter.
    pub(super) fn skip_resampling(
        &self,
        channels: usize,
        resample: fn(Filter) -> Resample,
    ) -> ResnetBlock2DConfig {
        let resample = resample(Filter::Fir);
        ResnetBlock2DConfig {
            resample,
            conv_shortcut: true,
            ..self.skip_resnet(channels, channels)
        }
    }

    /// The attention of a block other than the middle one.
    pub(super) fn attention(&self, channels: usize) -> Result<AttentionConfig, Error> {
        Ok(AttentionConfig { groups: Some(self.groups()?), ..self.attention_with(channels) })
    }

    /// The attention of a Skip block.
    pub(super) fn skip_attention(&self, channels: usize) -> AttentionConfig {
        AttentionConfig {
            groups: Some(32),
            rescale_output: SQRT_2,
            ..self.attention_with(channels)
        }
    }

    /// An attention without normalisation, whose output is not rescaled.
    pub(super) fn attention_with(&self, channels: usize) -> AttentionConfig {
        let head_dim = self.attention_head_dim.unwrap_or(channels);
        AttentionConfig {
            channels,
            head_dim,
            groups: None,
            eps: self.norm_eps,
            rescale_output: 1.0,
        }
    }

    /// A residual block with groups by its channels.
    pub(super) fn resnet_with(
        &self,
        in_channels: usize,
        out_channels: usize,
    ) -> ResnetBlock2DConfig {
        ResnetBlock2DConfig {
            in_channels,
            out_channels,
            temb_channels: Some(self.time_dim()),
            groups: quarter(in_channels),
            groups_out: quarter(out_channels),
            eps: self.norm_eps,
            activation: self.act_fn,
            time_shift: self.resnet_time_scale_shift,
            skip_time_act: false,
            dropout: self.dropout,
            output_scale: 1.0,
            resample: Resample::None,
            conv_shortcut: false,
        }
    }

    fn groups(&self) -> Result<usize, Error> {
        self.norm_num_groups
            .ok_or_else(|| Error::config("norm_num_groups", &self.norm_num_groups, "a number"))
    }
}

/// Groups where the configuration gives none: one for each four channels, at most 32.
pub(super) fn quarter(channels: usize) -> usize {
    (channels / 4).min(32)
}
