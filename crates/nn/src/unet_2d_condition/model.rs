//! The network: its parts and its forward pass.

use super::block::{DownBlock, Level, MidBlock, UpBlock};
use super::class_embedding::ClassEmbedding;
use super::config::UNet2DConditionConfig;
use super::inputs::Conditions;
use super::time_embedding::TimeEmbedding;
use crate::branches::branched;
use crate::layer::{Conv2d, GroupNorm, Linear, Sinusoidal};
use crate::transformer::FirstAttention;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{Conditioning, Conv2dOptions};

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct UNet2DConditionModel {
    /// First convolution.
    pub conv_in: Conv2d,
    /// Embedding of the time.
    pub time_embedding: TimeEmbedding,
    /// The map that the context passes first.
    pub encoder_hid_proj: Option<Linear>,
    /// Embedding of labels.
    pub class_embedding: Option<ClassEmbedding>,
    /// Embedding of pooled text and sizes.
    pub add_embedding: Option<TimeEmbedding>,
    /// The way down.
    pub down_blocks: Vec<DownBlock>,
    /// The middle.
    pub mid_block: Option<MidBlock>,
    /// The way up.
    pub up_blocks: Vec<UpBlock>,
    /// Last normalisation.
    pub conv_norm_out: GroupNorm,
    /// Last convolution.
    pub conv_out: Conv2d,
    #[module(skip)]
    config: UNet2DConditionConfig,
}

impl UNet2DConditionModel {
    /// Builds the network; `config` has been checked.
    pub(super) fn new(init: &mut Init<'_>, config: &UNet2DConditionConfig) -> Result<Self, Error> {
        let widths = &config.block_out_channels;
        let (n, first) = (widths.len(), widths[0]);
        let dim = config.time_dim();
        let levels = levels(config);
        let conv = |init: &mut Init<'_>, inputs, outputs, side: usize| {
            let padding = [(side - 1) / 2; 2];
            let options = Conv2dOptions {
                padding_begin: padding,
                padding_end: padding,
                ..Default::default()
            };
            Conv2d::new(init, inputs, outputs, side, options)
        };
        let conv_in = conv(init, config.in_channels, first, config.conv_in_kernel);
        let time_embedding = TimeEmbedding::new(init, first, dim, config.time_cond_proj_dim)
            .with_activations(config.act_fn, config.timestep_post_act);
        let encoder_hid_proj =
            config.encoder_hid_dim.map(|given| Linear::new(init, given, levels[0].context));
        let class_embedding = ClassEmbedding::new(init, config)?;
        let add_embedding = config.addition_embed_type.map(|_| {
            let given = config.projection_class_embeddings_input_dim.unwrap_or(1);
            TimeEmbedding::new(init, given, dim, None)
        });
        let mut down_blocks = Vec::with_capacity(n);
        for (i, &kind) in config.down_block_types.iter().enumerate() {
            let level = Level { previous: widths[i.saturating_sub(1)], ..levels[i] };
            down_blocks.push(DownBlock::new(init, config, kind, level, i + 1 == n)?);
        }
        let mid_block = config
            .mid_block_type
            .map(|kind| MidBlock::new(init, config, kind, levels[n - 1]))
            .transpose()?;
        let mut up_blocks = Vec::with_capacity(n);
        for (i, &kind) in config.up_block_types.iter().enumerate() {
            let at = n - 1 - i;
            let layers = match &config.reverse_transformer_layers_per_block {
                Some(list) => list[i],
                None => levels[at].layers,
            };
            let level = Level {
                previous: widths[(at + 1).min(n - 1)],
                skip: widths[at.saturating_sub(1)],
                layers,
                ..levels[at]
            };
            up_blocks.push(UpBlock::new(init, config, kind, level, i + 1 == n)?);
        }
        let groups = config.norm_num_groups.unwrap_or(1);
        Ok(Self {
            conv_in,
            time_embedding,
            encoder_hid_proj,
            class_embedding,
            add_embedding,
            down_blocks,
            mid_block,
            up_blocks,
            conv_norm_out: GroupNorm::new(init, groups, first, config.norm_eps)?,
            conv_out: conv(init, first, config.out_channels, config.conv_out_kernel),
            config: config.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &UNet2DConditionConfig {
        &self.config
    }

    /// Maps `sample [N, C, H, W]` at `timestep [N]` or `[1]` beside the conditions to `[N, out, H, W]`.
    ///
    /// The conditions may have `k N` entries, each `N` of them for all of the sample, as in guidance: `[k N, out, H, W]`
    /// comes out, the same to the last bit as if the sample and its times were given `k` times, but what comes before the
    /// first attention to the context is computed once. Where labels, sizes or a condition of the time are given, that
    /// is nothing.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        conditions: &Conditions,
    ) -> Result<Tensor<4>, Error> {
        self.config.check_inputs(sample.dims(), timestep.dims()[0], conditions)?;
        let sample = if self.config.center_input_sample { sample * 2.0 - 1.0 } else { sample };
        let (n, all) = (sample.dims()[0], conditions.entries());
        let times = timestep.expand([n]);
        let (sample, times) = if conditions.context_only() {
            (sample, times)
        } else {
            (branched(sample, all), branched(times, all))
        };
        let temb = &self.embed(times, conditions)?;
        let context = conditions.encoder_hidden_states.clone();
        let context = &match &self.encoder_hid_proj {
            Some(map) => map.forward(context),
            None => context,
        };
        let mut x = self.conv_in.forward(sample);
        let mut skips = vec![x.clone()];
        for block in &self.down_blocks {
            x = block.forward(x, temb, context, &mut skips);
        }
        if let Some(block) = &self.mid_block {
            x = block.forward(x, temb, context);
        }
        for block in &self.up_blocks {
            x = block.forward(x, temb, context, &mut skips);
        }
        let x = branched(x, all);
        let x =
            self.conv_norm_out.forward_activated(x, Conditioning::default(), self.config.act_fn);
        Ok(self.conv_out.forward(x))
    }

    /// The embedding of time, label and sizes, `[N, time_dim]`, or twice as much where they are joined.
    fn embed(&self, timestep: Tensor<1>, conditions: &Conditions) -> Result<Tensor<2>, Error> {
        let config = &self.config;
        let projection = |dim| Sinusoidal {
            dim,
            flip_sin_to_cos: config.flip_sin_to_cos,
            freq_shift: config.freq_shift,
        };
        let times = projection(config.block_out_channels[0]);
        let mut temb =
            self.time_embedding.forward(times.forward(timestep), conditions.timestep_cond.clone());
        if let (Some(embedding), Some(labels)) =
            (&self.class_embedding, conditions.class_labels.clone())
        {
            let dims = temb.dims();
            let label = embedding.forward(labels, &times)?;
            temb = if config.class_embeddings_concat {
                Tensor::cat(vec![temb, label.expand(dims)], 1)
            } else {
                temb + label
            };
        }
        if let (Some(embedding), Some(text), Some(ids), Some(dim)) = (
            &self.add_embedding,
            conditions.text_embeds.clone(),
            conditions.time_ids.clone(),
            config.addition_time_embed_dim,
        ) {
            let [n, count] = ids.dims();
            let sizes = projection(dim).forward(ids.reshape([n * count]));
            let sizes = sizes.reshape([n, count * dim]);
            temb = temb + embedding.forward(Tensor::cat(vec![text, sizes], 1), None);
        }
        Ok(match config.time_embedding_act_fn {
            Some(activation) => activation.forward(temb),
            None => temb,
        })
    }
}

/// Each level, the largest picture first, without its neighbours' channels.
fn levels(config: &UNet2DConditionConfig) -> Vec<Level> {
    let n = config.block_out_channels.len();
    let each = |values: &super::PerLevel<usize>| {
        values.levels(n).expect("a checked configuration has one value for each level")
    };
    let (resnets, heads) = (each(&config.layers_per_block), each(&config.attention_head_dim));
    let context = each(&config.cross_attention_dim);
    let layers = each(&config.transformer_layers_per_block);
    let only = config.only_cross_attention.levels(n).unwrap_or_else(|| vec![false; n]);
    let level = |i: usize| Level {
        previous: 0,
        skip: 0,
        here: config.block_out_channels[i],
        resnets: resnets[i],
        layers: layers[i],
        heads: heads[i],
        context: context[i],
        first: if only[i] { FirstAttention::Context } else { FirstAttention::Itself },
    };
    (0..n).map(level).collect()
}
