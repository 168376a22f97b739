//! What the blocks of an encoder or a decoder have in common, taken from an autoencoder's configuration.

use crate::Error;
use crate::layer::{Activation, AttentionConfig, Resample, ResnetBlock2DConfig, TimeShift};

/// Epsilon of every normalisation.
pub(super) const EPS: f64 = 1e-6;

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

/// The choices that all blocks of an encoder or a decoder share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoderSpec<'a> {
    /// Channels of each size, the largest picture first.
    pub(crate) block_out_channels: &'a [usize],
    /// Residual blocks per block of the encoder; the decoder has one more in each.
    pub(crate) layers_per_block: usize,
    /// Groups of the normalisations, but for those that latents steer.
    pub(crate) norm_num_groups: usize,
    /// The non-linearity of residual blocks.
    pub(crate) act_fn: Activation,
    /// Whether the block in the middle has attention.
    pub(crate) mid_block_add_attention: bool,
    /// Channels of the latents that steer the decoder's normalisations; `None` for group normalisation.
    pub(crate) steering: Option<usize>,
}

impl CoderSpec<'_> {
    /// The same choices without steering, which encoders never have.
    pub(super) fn unsteered(self) -> Self {
        Self { steering: None, ..self }
    }

    /// A residual block.
    pub(super) fn resnet(&self, in_channels: usize, out_channels: usize) -> ResnetBlock2DConfig {
        ResnetBlock2DConfig {
            in_channels,
            out_channels,
            temb_channels: None,
            groups: self.norm_num_groups,
            groups_out: self.norm_num_groups,
            eps: EPS,
            activation: self.act_fn,
            time_shift: TimeShift::Default,
            skip_time_act: false,
            dropout: 0.0,
            output_scale: 1.0,
            resample: Resample::None,
            conv_shortcut: false,
        }
    }

    /// Attention with one head.
    pub(super) fn attention(&self, channels: usize) -> AttentionConfig {
        AttentionConfig {
            channels,
            head_dim: channels,
            groups: Some(self.norm_num_groups),
            eps: EPS,
            rescale_output: 1.0,
        }
    }

    /// Checks that `down` blocks and `up` blocks can be built.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub(crate) fn check(&self, down: usize, up: usize) -> Result<(), Error> {
        let widths = self.block_out_channels;
        let n = widths.len();
        if !(1..=16).contains(&n) {
            return Err(Error::config("block_out_channels", &widths, "a list of 1 to 16 numbers"));
        }
        for (key, count) in [("down_block_types", down), ("up_block_types", up)] {
            if count != n {
                let expected = format!("a list of {n}, as many as block_out_channels,");
                return Err(Error::config(key, &format!("a list of {count}"), expected));
            }
        }
        if widths.iter().any(|c| !(1..=1 << 14).contains(c)) {
            return Err(Error::config("block_out_channels", &widths, "numbers from 1 to 16384"));
        }
        range("layers_per_block", self.layers_per_block, 64)?;
        let square = |c: &usize| (*c as f64).powi(2);
        let squares = widths.iter().map(square).sum::<f64>() * self.layers_per_block as f64;
        if squares * 36.0 > MOST_PARAMETERS {
            let expected =
                format!("channels that make no more than {MOST_PARAMETERS:.0} parameters");
            return Err(Error::config("block_out_channels", &widths, expected));
        }
        let groups = self.norm_num_groups;
        if let Some(c) = widths.iter().find(|c| groups == 0 || !c.is_multiple_of(groups)) {
            let expected = format!("a number of groups that divides {c} channels");
            return Err(Error::config("norm_num_groups", &groups, expected));
        }
        Ok(())
    }
}

/// Checks that the value of `key` lies between 1 and `most`.
pub(crate) fn range(key: &str, value: usize, most: usize) -> Result<(), Error> {
    if (1..=most).contains(&value) {
        Ok(())
    } else {
        Err(Error::config(key, &value, format!("a number from 1 to {most}")))
    }
}
