//! What a configuration and the inputs of a `UNet2DModel` must satisfy.

use super::config::UNet2DConfig;
use super::kinds::{DownBlockType as Down, ResampleType, TimeEmbeddingType, UpBlockType as Up};
use crate::Error;
use crate::layer::Downsample2D;
use serde::Serialize;

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

impl UNet2DConfig {
    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        self.check_lengths()?;
        self.check_ranges()?;
        self.check_groups()?;
        self.check_embeddings()?;
        self.check_skips()
    }

    fn check_lengths(&self) -> Result<(), Error> {
        let n = self.down_block_types.len();
        if !(1..=16).contains(&n) {
            return fail(
                "down_block_types",
                &self.down_block_types,
                "a list of 1 to 16 block types",
            );
        }
        if self.up_block_types.len() != n {
            return fail(
                "up_block_types",
                &self.up_block_types,
                format!("{n} of them, as many as down_block_types"),
            );
        }
        if self.block_out_channels.len() != n {
            let expected = format!("{n} numbers, as many as down_block_types");
            return fail("block_out_channels", &self.block_out_channels, expected);
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), Error> {
        let range = |key: &str, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                fail(key, &value, format!("a number from {low} to {high}"))
            }
        };
        range("in_channels", self.in_channels, 1, 4096)?;
        range("out_channels", self.out_channels, 1, 4096)?;
        range("layers_per_block", self.layers_per_block, 1, 64)?;
        range("downsample_padding", self.downsample_padding, 0, 64)?;
        range("time_embedding_dim", self.time_embedding_dim.unwrap_or(0), 0, 1 << 16)?;
        if self.block_out_channels.iter().any(|c| !(1..=1 << 14).contains(c)) {
            return fail("block_out_channels", &self.block_out_channels, "numbers from 1 to 16384");
        }
        let square = |c: &usize| (*c as f64).powi(2);
        let layers =
            self.block_out_channels.iter().map(square).sum::<f64>() * self.layers_per_block as f64;
        if layers * 27.0 > MOST_PARAMETERS {
            let expected =
                format!("channels that make no more than {MOST_PARAMETERS:.0} parameters");
            return fail("block_out_channels", &self.block_out_channels, expected);
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return fail("dropout", &self.dropout, "a probability from 0 to below 1");
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return fail("norm_eps", &self.norm_eps, "a number between 0 and 1");
        }
        if self.mid_block_scale_factor == 0.0 || !self.mid_block_scale_factor.is_finite() {
            return fail(
                "mid_block_scale_factor",
                &self.mid_block_scale_factor,
                "a finite number other than 0",
            );
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), Error> {
        let plain = self.down_block_types.iter().any(|b| !b.is_skip())
            || self.up_block_types.iter().any(|b| !b.is_skip());
        if self.norm_num_groups.is_none() && plain {
            return fail(
                "norm_num_groups",
                &self.norm_num_groups,
                "a number, since not all blocks are Skip blocks,",
            );
        }
        for (i, &channels) in self.block_out_channels.iter().enumerate() {
            let (down, up) =
                (self.down_block_types[i], self.up_block_types[self.up_block_types.len() - 1 - i]);
            let attends = down == Down::AttnSkipDownBlock2D || up == Up::AttnSkipUpBlock2D;
            if attends && !channels.is_multiple_of(32) {
                let expected =
                    "a multiple of 32 wherever a block is AttnSkipDownBlock2D or AttnSkipUpBlock2D";
                return fail("block_out_channels", &self.block_out_channels, expected);
            }
            if (down.is_skip() || up.is_skip()) && channels < 4 {
                return fail(
                    "block_out_channels",
                    &self.block_out_channels,
                    "at least 4 wherever a block is a Skip block",
                );
            }
        }
        Ok(())
    }

    fn check_embeddings(&self) -> Result<(), Error> {
        let half = (self.block_out_channels[0] / 2) as f64;
        match self.time_embedding_type {
            TimeEmbeddingType::Positional if half == 0.0 || self.freq_shift >= half => fail(
                "freq_shift",
                &self.freq_shift,
                format!("a number below {half}, half the first block's channels"),
            ),
            TimeEmbeddingType::Learned
                if self.num_train_timesteps.is_none_or(|n| !(1..=1 << 24).contains(&n)) =>
            {
                let expected =
                    "a number from 1 to 16777216, the rows of the learned time embedding";
                fail("num_train_timesteps", &self.num_train_timesteps, expected)
            }
            _ => Ok(()),
        }?;
        match self.num_class_embeds {
            Some(n) if self.class_embed_type.is_none() && !(1..=1 << 24).contains(&n) => {
                fail("num_class_embeds", &n, "a number from 1 to 16777216")
            }
            _ => Ok(()),
        }
    }

    /// Checks that the pictures that Skip blocks carry have the right size wherever they meet the others.
    fn check_skips(&self) -> Result<(), Error> {
        let n = self.down_block_types.len();
        // A carried input must have been halved at every size before; the last block carries without using.
        let used = self.down_block_types[..n - 1].iter().rposition(|b| b.is_skip());
        if let Some(last) = used {
            if !self.down_block_types[..last].iter().all(|b| b.is_skip()) {
                let expected = "Skip blocks without another kind before them, since the carried picture must keep up,";
                return fail("down_block_types", &self.down_block_types, expected);
            }
            if self.in_channels != 3 {
                return fail(
                    "in_channels",
                    &self.in_channels,
                    "3, since Skip blocks carry pictures of 3 channels,",
                );
            }
        }
        // A carried output starts at the first Skip block that doubles and must be doubled by all later blocks.
        let first = self.up_block_types[..n - 1].iter().position(|b| b.is_skip());
        if let Some(first) = first {
            if !self.up_block_types[first..].iter().all(|b| b.is_skip()) {
                let expected = "Skip blocks without another kind after them, since the carried picture must keep up,";
                return fail("up_block_types", &self.up_block_types, expected);
            }
            if self.out_channels != 3 {
                return fail(
                    "out_channels",
                    &self.out_channels,
                    "3, since Skip blocks carry pictures of 3 channels,",
                );
            }
        }
        Ok(())
    }

    /// Whether pictures of height `h` and width `w` can pass: each size must be exactly twice the next.
    pub fn accepts(&self, h: usize, w: usize) -> bool {
        let halves = &self.down_block_types[..self.down_block_types.len() - 1];
        [h, w].into_iter().all(|side| {
            let smallest = halves.iter().try_fold(side, |size, &block| {
                let halved = match (block, self.downsample_type) {
                    (Down::AttnDownBlock2D, Some(ResampleType::Resnet)) => Some(size / 2),
                    (Down::DownBlock2D | Down::AttnDownBlock2D, _) => {
                        Downsample2D::output_size(size, self.downsample_padding)
                    }
                    _ => Some(size / 2),
                };
                halved.filter(|&half| 2 * half == size)
            });
            smallest.is_some_and(|size| size > 0)
        })
    }

    /// The sizes that [`UNet2DConfig::accepts`], in words.
    pub(super) fn accepted_sizes(&self) -> String {
        let multiple = 1_usize << (self.down_block_types.len() - 1);
        match self.downsample_padding {
            0 | 1 => format!("sides that are multiples of {multiple}"),
            p => format!("sides that halve evenly, which few do with downsample_padding {p},"),
        }
    }
}

fn fail<T>(key: &str, value: &impl Serialize, expected: impl Into<String>) -> Result<T, Error> {
    Err(Error::config(key, value, expected))
}
