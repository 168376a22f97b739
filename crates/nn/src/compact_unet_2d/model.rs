//! The compact U-Net: its parts and its forward pass.

use super::{CompactBlock, CompactUNet2DConfig};
use crate::layer::space_to_depth::{depth_to_space, space_to_depth};
use crate::layer::{
    Activation, Attention, AttentionConfig, Conv2d, Embedding, GroupNorm, Sinusoidal,
    TimestepEmbedding,
};
use crate::{ClassLabels, Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{Conditioning, Conv2dOptions, silu, upsample_nearest_2x};

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct CompactUNet2D {
    /// From the packed picture to the channels of the first level.
    pub conv_in: Conv2d,
    /// From the sinusoids of time to the embedding.
    pub time_embedding: TimestepEmbedding,
    /// The class table, added to the embedding of time.
    pub class_embedding: Option<Embedding>,
    /// Levels above the last, the largest picture first.
    pub down_levels: Vec<DownLevel>,
    /// The last level.
    pub bottom: Bottom,
    /// Levels above the last, the smallest picture first.
    pub up_levels: Vec<UpLevel>,
    /// Normalisation before the output.
    pub norm_out: GroupNorm,
    /// To the packed output.
    pub conv_out: Conv2d,
    #[module(skip)]
    config: CompactUNet2DConfig,
}

/// A level on the way down: blocks, then half the size.
#[derive(Module, Debug)]
pub struct DownLevel {
    /// Residual blocks.
    pub blocks: Vec<CompactBlock>,
    /// 2×2 convolution of stride 2 to the channels of the next level.
    pub down: Conv2d,
}

/// The last level: blocks, attention, blocks.
#[derive(Module, Debug)]
pub struct Bottom {
    /// Residual blocks before the attention.
    pub before: Vec<CompactBlock>,
    /// Attention between all pixels.
    pub attention: Option<Attention>,
    /// Residual blocks after the attention.
    pub after: Vec<CompactBlock>,
}

/// A level on the way up: twice the size, join with the skip, then blocks.
#[derive(Module, Debug)]
pub struct UpLevel {
    /// Linear map of the smaller picture to this level's channels, before its pixels are repeated.
    pub up: Conv2d,
    /// Linear map of the skip, added to it.
    pub skip: Conv2d,
    /// Residual blocks.
    pub blocks: Vec<CompactBlock>,
}

impl CompactUNet2D {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &CompactUNet2DConfig) -> Result<Self, Error> {
        let (c, packed) = (config, config.patch * config.patch);
        let (first, last) = (c.channels[0], c.channels[c.channels.len() - 1]);
        let blocks = |init: &mut Init<'_>,
                      channels: usize,
                      count: usize|
         -> Result<Vec<_>, Error> {
            let new = |_| {
                CompactBlock::new(init, channels, c.embedding_dim, c.norm_num_groups, c.norm_eps)
            };
            (0..count).map(new).collect()
        };
        let halve = Conv2dOptions { stride: [2; 2], ..Default::default() };
        let attention = AttentionConfig {
            channels: last,
            head_dim: last / c.attention_heads.max(1),
            groups: Some(c.norm_num_groups),
            eps: c.norm_eps,
            rescale_output: 1.0,
        };
        let pairs: Vec<(usize, usize)> = c.channels.windows(2).map(|w| (w[0], w[1])).collect();
        Ok(Self {
            conv_in: Conv2d::same3x3(init, c.in_channels * packed, first),
            time_embedding: TimestepEmbedding::new(init, c.frequency_dim, c.embedding_dim),
            class_embedding: c
                .num_class_embeds
                .map(|rows| Embedding::new(init, rows, c.embedding_dim)),
            down_levels: pairs
                .iter()
                .map(|&(here, below)| {
                    let blocks = blocks(init, here, c.blocks_per_level)?;
                    Ok(DownLevel { blocks, down: Conv2d::new(init, here, below, 2, halve) })
                })
                .collect::<Result<_, Error>>()?,
            bottom: Bottom {
                before: blocks(init, last, c.bottom_blocks)?,
                attention: match c.attention_heads {
                    0 => None,
                    _ => Some(Attention::new(init, &attention)?.zeroed()),
                },
                after: blocks(init, last, c.bottom_blocks)?,
            },
            up_levels: pairs
                .iter()
                .rev()
                .map(|&(here, below)| {
                    let (up, skip) =
                        (Conv2d::pointwise(init, below, here), Conv2d::pointwise(init, here, here));
                    Ok(UpLevel { up, skip, blocks: blocks(init, here, c.blocks_per_level)? })
                })
                .collect::<Result<_, Error>>()?,
            norm_out: GroupNorm::new(init, c.norm_num_groups, first, c.norm_eps)?,
            conv_out: Conv2d::same3x3(init, first, c.out_channels * packed).zeroed(),
            config: c.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &CompactUNet2DConfig {
        &self.config
    }

    /// Maps `sample [N, C, H, W]` at `timestep [N]` or `[1]`, from 0 (clean) to 1000 (noise), to `[N, out, H, W]`.
    ///
    /// # Panics
    /// When the inputs do not fit; [`CompactUNet2D::check_inputs`] tells beforehand.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<ClassLabels>,
    ) -> Tensor<4> {
        let embedding = self.embed(timestep, class_labels, sample.dims()[0]);
        let run = |blocks: &[CompactBlock], x| {
            blocks.iter().fold(x, |x, block| block.forward(x, &embedding))
        };
        let mut x = self.conv_in.forward(space_to_depth(sample, self.config.patch));
        let mut skips = Vec::with_capacity(self.down_levels.len());
        for level in &self.down_levels {
            x = run(&level.blocks, x);
            skips.push(x.clone());
            x = level.down.forward(x);
        }
        x = run(&self.bottom.before, x);
        if let Some(attention) = &self.bottom.attention {
            x = attention.forward(x);
        }
        x = run(&self.bottom.after, x);
        for (level, skip) in self.up_levels.iter().zip(skips.into_iter().rev()) {
            let up = upsample_nearest_2x(level.up.forward(x));
            x = level.skip.forward_plus(skip, up);
            x = run(&level.blocks, x);
        }
        let x = self.norm_out.forward_activated(x, Conditioning::default(), Activation::Silu);
        depth_to_space(self.conv_out.forward(x), self.config.patch)
    }

    /// The activated embedding of time and class, `[N, embedding_dim]`.
    fn embed(&self, timestep: Tensor<1>, class_labels: Option<ClassLabels>, n: usize) -> Tensor<2> {
        let frequencies =
            Sinusoidal { dim: self.config.frequency_dim, flip_sin_to_cos: true, freq_shift: 0.0 };
        let time = self.time_embedding.forward(frequencies.forward(timestep));
        let embedding = match (&self.class_embedding, class_labels) {
            (Some(table), Some(ClassLabels::Index(index))) => time + table.forward(index),
            (Some(table), Some(ClassLabels::Value(value))) => time + table.forward(value.int()),
            (None, None) => time,
            _ => panic!(
                "class labels must be given as indices exactly when the network has a class table"
            ),
        };
        silu(embedding).expand([n, self.config.embedding_dim])
    }

    /// Tells whether [`CompactUNet2D::forward`] accepts a sample of this shape, so many timesteps and these labels.
    ///
    /// # Errors
    /// [`Error::Input`] names the input at fault.
    pub fn check_inputs(
        &self,
        sample: [usize; 4],
        timestep: &Tensor<1>,
        class_labels: Option<&ClassLabels>,
    ) -> Result<(), Error> {
        let [n, c, h, w] = sample;
        let multiple = self.config.multiple();
        if n == 0
            || c != self.config.in_channels
            || [h, w].iter().any(|&s| s == 0 || !s.is_multiple_of(multiple))
        {
            let (found, channels) = (format!("of shape {sample:?}"), self.config.in_channels);
            let expected = format!("[N, {channels}, H, W] with H and W multiples of {multiple}");
            return Err(Error::Input { name: "sample", found, expected });
        }
        let times = timestep.dims()[0];
        if times != n && times != 1 {
            let expected = format!("one number for each of {n} pictures");
            return Err(Error::Input {
                name: "timestep",
                found: format!("of length {times}"),
                expected,
            });
        }
        match (&self.class_embedding, class_labels) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                let expected = "nothing, since this network has no classes,".to_owned();
                Err(Error::Input { name: "class_labels", found: "given".to_owned(), expected })
            }
            (Some(table), labels) => ClassLabels::check_indices(labels, table.rows(), n),
        }
    }
}
