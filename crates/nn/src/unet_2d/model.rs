//! The network: its parts and its forward pass.

use super::block_spec::{Channels, quarter};
use super::class_embedding::ClassEmbedding;
use super::config::UNet2DConfig;
use super::down_block_2d::DownBlock2D;
use super::kinds::TimeEmbeddingType;
use super::mid_block_2d::UNetMidBlock2D;
use super::skip_down_block_2d::SkipDownBlock2D;
use super::skip_up_block_2d::SkipUpBlock2D;
use super::up_block_2d::UpBlock2D;
use crate::layer::time_projection::Positional;
use crate::layer::{
    Activation, Conv2d, Dropout, Embedding, GaussianFourier, GroupNorm, Sinusoidal, TimeProjection,
    TimestepEmbedding,
};
use crate::{ClassLabels, Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::Conditioning;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct UNet2DModel {
    /// First convolution.
    pub conv_in: Conv2d,
    /// First embedding of the time.
    pub time_proj: TimeProjection,
    /// Second embedding of the time.
    pub time_embedding: TimestepEmbedding,
    /// Embedding of labels.
    pub class_embedding: Option<ClassEmbedding>,
    /// The way down.
    pub down_blocks: Vec<DownBlock>,
    /// The middle.
    pub mid_block: Option<UNetMidBlock2D>,
    /// The way up.
    pub up_blocks: Vec<UpBlock>,
    /// Last normalisation.
    pub conv_norm_out: GroupNorm,
    /// Last convolution.
    pub conv_out: Conv2d,
    #[module(skip)]
    config: UNet2DConfig,
}

/// A block of the way down.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum DownBlock {
    /// One without a carried picture.
    Plain(DownBlock2D),
    /// One with a carried picture.
    Skip(SkipDownBlock2D),
}

/// A block of the way up.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum UpBlock {
    /// One without a carried picture.
    Plain(UpBlock2D),
    /// One with a carried picture.
    Skip(SkipUpBlock2D),
}

impl UNet2DModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &UNet2DConfig) -> Result<Self, Error> {
        let widths = &config.block_out_channels;
        let (n, first, last) = (widths.len(), widths[0], widths[widths.len() - 1]);
        let conv_in = Conv2d::same3x3(init, config.in_channels, first);
        let (time_proj, projected) = time_projection(init, config);
        let time_embedding = TimestepEmbedding::new(init, projected, config.time_dim());
        let class_embedding = ClassEmbedding::new(init, config, projected);
        let mut down_blocks = Vec::with_capacity(n);
        for (i, &kind) in config.down_block_types.iter().enumerate() {
            let channels =
                Channels { previous: widths[i.saturating_sub(1)], skip: 0, here: widths[i] };
            down_blocks.push(if kind.is_skip() {
                DownBlock::Skip(SkipDownBlock2D::new(init, config, kind, channels, i + 1 == n)?)
            } else {
                DownBlock::Plain(DownBlock2D::new(init, config, kind, channels, i + 1 == n)?)
            });
        }
        let mid_block =
            config.mid_block_type.map(|_| UNetMidBlock2D::new(init, config, last)).transpose()?;
        let mut up_blocks = Vec::with_capacity(n);
        for (i, &kind) in config.up_block_types.iter().enumerate() {
            let level = n - 1 - i;
            let previous = widths[(level + 1).min(n - 1)];
            let channels =
                Channels { previous, skip: widths[level.saturating_sub(1)], here: widths[level] };
            up_blocks.push(if kind.is_skip() {
                UpBlock::Skip(SkipUpBlock2D::new(init, config, kind, channels, i + 1 == n)?)
            } else {
                UpBlock::Plain(UpBlock2D::new(init, config, kind, channels, i + 1 == n)?)
            });
        }
        let groups = config.norm_num_groups.unwrap_or_else(|| quarter(first));
        Ok(Self {
            conv_in,
            time_proj,
            time_embedding,
            class_embedding,
            down_blocks,
            mid_block,
            up_blocks,
            conv_norm_out: GroupNorm::new(init, groups, first, config.norm_eps)?,
            conv_out: Conv2d::same3x3(init, first, config.out_channels),
            config: config.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &UNet2DConfig {
        &self.config
    }

    /// Maps `sample [N, C, H, W]` at `timestep [N]` or `[1]` to `[N, out, H, W]`.
    ///
    /// # Panics
    /// When the inputs do not fit; [`UNet2DModel::check_inputs`] tells beforehand.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<ClassLabels>,
        dropout: &mut Dropout<'_>,
    ) -> Tensor<4> {
        let sample = if self.config.center_input_sample { sample * 2.0 - 1.0 } else { sample };
        let n = sample.dims()[0];
        let timestep = timestep.expand([n]);
        let temb = &self.embed(timestep.clone(), class_labels);

        let mut carried = sample.clone();
        let mut x = self.conv_in.forward(sample);
        let mut skips = vec![x.clone()];
        for block in &self.down_blocks {
            match block {
                DownBlock::Plain(block) => x = block.forward(x, temb, &mut skips, dropout),
                DownBlock::Skip(block) => {
                    (x, carried) = block.forward(x, carried, temb, &mut skips, dropout)
                }
            }
        }
        if let Some(block) = &self.mid_block {
            x = block.forward(x, temb, dropout);
        }
        let mut carried = None;
        for block in &self.up_blocks {
            match block {
                UpBlock::Plain(block) => x = block.forward(x, temb, &mut skips, dropout),
                UpBlock::Skip(block) => {
                    (x, carried) = block.forward(x, carried, temb, &mut skips, dropout)
                }
            }
        }
        let x = self.conv_out.forward(self.conv_norm_out.forward_activated(
            x,
            Conditioning::default(),
            Activation::Silu,
        ));
        let x = match carried {
            Some(picture) => x + picture,
            None => x,
        };
        match self.config.time_embedding_type {
            TimeEmbeddingType::Fourier => x / timestep.reshape([n, 1, 1, 1]),
            TimeEmbeddingType::Positional | TimeEmbeddingType::Learned => x,
        }
    }

    /// The embedding of time and label, `[N, time_dim]`.
    fn embed(&self, timestep: Tensor<1>, class_labels: Option<ClassLabels>) -> Tensor<2> {
        let temb = self.time_embedding.forward(self.time_proj.forward(timestep));
        match (&self.class_embedding, class_labels) {
            (Some(embedding), Some(labels)) => temb + embedding.forward(labels, &self.time_proj),
            (None, None) => temb,
            _ => {
                panic!("class labels must be given exactly when the network has a class embedding")
            }
        }
    }

    /// Tells whether [`UNet2DModel::forward`] accepts a sample of this shape, these timesteps and these labels.
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
        if n == 0 || c != self.config.in_channels || !self.config.accepts(h, w) {
            let (channels, sizes) = (self.config.in_channels, self.config.accepted_sizes());
            let expected = format!("[N, {channels}, H, W] with {sizes}");
            return Err(Error::Input {
                name: "sample",
                found: format!("of shape {sample:?}"),
                expected,
            });
        }
        self.check_timestep(timestep, n)?;
        let fail = |found: String, expected: String| {
            Err(Error::Input { name: "class_labels", found, expected })
        };
        let (dim, given) = (self.config.time_dim(), class_labels.map_or(0, ClassLabels::batch));
        match (&self.class_embedding, class_labels) {
            (None, None) => Ok(()),
            (None, Some(_)) => fail(
                "given".to_owned(),
                "nothing, since this network has no class embedding,".to_owned(),
            ),
            (Some(ClassEmbedding::Table(table)), labels) => {
                ClassLabels::check_indices(labels, table.rows(), n)
            }
            (Some(ClassEmbedding::Identity(_)), Some(ClassLabels::Embedding(e)))
                if e.dims()[1] == dim =>
            {
                ClassLabels::check_batch(given, n)
            }
            (
                Some(ClassEmbedding::Timestep(_)),
                Some(ClassLabels::Index(_) | ClassLabels::Value(_)),
            ) => ClassLabels::check_batch(given, n),
            (Some(ClassEmbedding::Identity(_)), _) => {
                fail("of another kind".to_owned(), format!("an embedding of shape [{n}, {dim}]"))
            }
            (Some(ClassEmbedding::Timestep(_)), _) => {
                fail("of another kind".to_owned(), format!("one number for each of {n} pictures"))
            }
        }
    }

    fn check_timestep(&self, timestep: &Tensor<1>, n: usize) -> Result<(), Error> {
        let fail = |found: String, expected: String| {
            Err(Error::Input { name: "timestep", found, expected })
        };
        let times = timestep.dims()[0];
        if times != n && times != 1 {
            return fail(
                format!("of length {times}"),
                format!("one number for each of {n} pictures"),
            );
        }
        if let TimeProjection::Learned(table) = &self.time_proj {
            let values = timestep.clone().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            if let Some(bad) = values.into_iter().find(|&t| !(t >= 0.0 && t < table.rows() as f32))
            {
                return fail(bad.to_string(), format!("a number from 0 to {}", table.rows() - 1));
            }
        }
        Ok(())
    }
}

/// The first embedding of the time, and how many numbers it has.
fn time_projection(init: &mut Init<'_>, config: &UNet2DConfig) -> (TimeProjection, usize) {
    let dim = config.block_out_channels[0];
    match (config.time_embedding_type, config.num_train_timesteps) {
        (TimeEmbeddingType::Fourier, _) => {
            (TimeProjection::Fourier(GaussianFourier::new(init, dim)), 2 * dim)
        }
        (TimeEmbeddingType::Learned, Some(rows)) => {
            (TimeProjection::Learned(Embedding::new(init, rows, dim)), dim)
        }
        (TimeEmbeddingType::Positional | TimeEmbeddingType::Learned, _) => {
            let (flip_sin_to_cos, freq_shift) = (config.flip_sin_to_cos, config.freq_shift);
            (
                TimeProjection::Positional(Positional::new(Sinusoidal {
                    dim,
                    flip_sin_to_cos,
                    freq_shift,
                })),
                dim,
            )
        }
    }
}
