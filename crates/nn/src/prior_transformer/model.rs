//! The network: its parts and its forward pass over the tokens `[caption …, caption embedding, time, noisy embedding …, reader]`.

use super::PriorTransformerConfig;
use super::block::{EPS, PriorBlock};
use crate::layer::{LayerNorm, Linear, Sinusoidal, TimestepEmbedding};
use crate::{Error, Init};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use langevin_kernels::AttentionMask;

/// What diffusers adds to the scores of hidden keys.
const HIDDEN: f32 = -10_000.0;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct PriorTransformer {
    /// Second embedding of the time.
    pub time_embedding: TimestepEmbedding,
    /// Map of the noisy embedding.
    pub proj_in: Linear,
    /// Normalisation of the caption's embedding.
    pub embedding_proj_norm: Option<LayerNorm>,
    /// Map of the caption's embedding.
    pub embedding_proj: Linear,
    /// Map of the caption's tokens.
    pub encoder_hidden_states_proj: Option<Linear>,
    /// A vector for each place, `[1, places, C]`.
    pub positional_embedding: Param<Tensor<3>>,
    /// The token at whose place the prediction is read, `[1, 1, C]`.
    pub prd_embedding: Option<Param<Tensor<3>>>,
    /// The blocks.
    pub transformer_blocks: Vec<PriorBlock>,
    /// Normalisation before them.
    pub norm_in: Option<LayerNorm>,
    /// Normalisation behind them.
    pub norm_out: LayerNorm,
    /// Map to the prediction.
    pub proj_to_clip_embeddings: Linear,
    /// Mean of image embeddings, `[1, D]`, that pipelines add to what they sampled.
    pub clip_mean: Param<Tensor<2>>,
    /// Deviation of image embeddings, `[1, D]`, that pipelines multiply it by.
    pub clip_std: Param<Tensor<2>>,
    #[module(skip)]
    config: PriorTransformerConfig,
}

/// The inputs of a [`PriorTransformer`].
#[derive(Clone, Debug)]
pub struct PriorInputs {
    /// The noisy image embedding, `[N, S, embedding_dim]`, most often with S = 1.
    pub sample: Tensor<3>,
    /// The time, `[N]` or `[1]`.
    pub timestep: Tensor<1>,
    /// The embedding of the caption, `[N, embedding_proj_dim]`.
    pub proj_embedding: Tensor<2>,
    /// The tokens of the caption, `[N, L, embedding_dim]`.
    pub encoder_hidden_states: Option<Tensor<3>>,
    /// One for each of the `num_embeddings` tokens of a caption that others may see, zero for padding, `[N, num_embeddings]`;
    /// where it is given, no token sees those behind it either.
    pub attention_mask: Option<Tensor<2>>,
}

impl PriorTransformer {
    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &PriorTransformerConfig) -> Result<Self, Error> {
        config.check()?;
        let (width, outer) = (config.inner_dim(), config.embedding_dim);
        let (time, clip) = (config.time_dim(), config.clip_dim());
        let blocks = 0..config.num_layers;
        Ok(Self {
            time_embedding: TimestepEmbedding {
                linear_1: Linear::new(init, width, time),
                linear_2: Linear::new(init, time, width),
            },
            proj_in: Linear::new(init, outer, width),
            embedding_proj_norm: config
                .embedding_proj_norm_type
                .map(|_| LayerNorm::new(init, config.proj_dim(), EPS)),
            embedding_proj: Linear::new(init, config.proj_dim(), width),
            encoder_hidden_states_proj: config
                .encoder_hid_proj_type
                .map(|_| Linear::new(init, outer, width)),
            positional_embedding: init.constant([1, config.positions(), width], 0.0),
            prd_embedding: config.added_emb_type.map(|_| init.constant([1, 1, width], 0.0)),
            transformer_blocks: blocks.map(|_| PriorBlock::new(init, config)).collect(),
            norm_in: config.norm_in_type.map(|_| LayerNorm::new(init, width, EPS)),
            norm_out: LayerNorm::new(init, width, EPS),
            proj_to_clip_embeddings: Linear::new(init, width, clip),
            clip_mean: init.constant([1, clip], 0.0),
            clip_std: init.constant([1, clip], 0.0),
            config: config.clone(),
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &PriorTransformerConfig {
        &self.config
    }

    /// Predicts `[N, 1, clip_embed_dim]` where the network has a token to read it from, and `[N, S, clip_embed_dim]`, one for
    /// each token of the sample, where not.
    ///
    /// # Panics
    /// When the inputs do not fit; [`PriorTransformer::check_inputs`] tells beforehand.
    pub fn forward(&self, inputs: PriorInputs) -> Tensor<3> {
        let PriorInputs { sample, timestep, proj_embedding, encoder_hidden_states, attention_mask } =
            inputs;
        let [n, samples, _] = sample.dims();
        let caption = match &self.embedding_proj_norm {
            Some(norm) => norm.forward(proj_embedding),
            None => proj_embedding,
        };
        let mut tokens = Vec::with_capacity(5);
        if let Some(states) = encoder_hidden_states {
            tokens.push(match &self.encoder_hidden_states_proj {
                Some(map) => map.forward(states),
                None => states,
            });
        }
        tokens.push(self.embedding_proj.forward(caption).unsqueeze_dim(1));
        tokens.push(self.embed_time(timestep.expand([n])).unsqueeze_dim(1));
        let before: usize = tokens.iter().map(|t| t.dims()[1]).sum();
        tokens.push(self.proj_in.forward(sample));
        if let Some(reader) = &self.prd_embedding {
            tokens.push(reader.val().expand([n, 1, self.config.inner_dim()]));
        }
        let mut x: Tensor<3> = Tensor::cat(tokens, 1);
        let length = x.dims()[1];
        x = x + self.places(before, length);
        if let Some(norm) = &self.norm_in {
            x = norm.forward(x);
        }
        let mask = attention_mask.map_or(AttentionMask::None, |mask| self.mask(mask));
        for block in &self.transformer_blocks {
            x = block.forward(x, mask.clone());
        }
        let read = match self.prd_embedding {
            Some(_) => x.narrow(1, length - 1, 1),
            None => x.narrow(1, before, samples),
        };
        self.proj_to_clip_embeddings.forward(self.norm_out.forward(read))
    }

    fn embed_time(&self, timestep: Tensor<1>) -> Tensor<2> {
        let dim = self.config.inner_dim();
        let waves = Sinusoidal { dim, flip_sin_to_cos: true, freq_shift: 0.0 }.forward(timestep);
        let TimestepEmbedding { linear_1, linear_2 } = &self.time_embedding;
        linear_2.forward(self.config.time_embed_act_fn.forward(linear_1.forward(waves)))
    }

    /// The vectors of `length` places; where there are fewer, they belong to the sample, `before` tokens from the first.
    fn places(&self, before: usize, length: usize) -> Tensor<3> {
        let places = self.positional_embedding.val();
        let [_, count, width] = places.dims();
        if count == length {
            return places;
        }
        let zeros = |rows: usize| Tensor::zeros([1, rows, width], &places.device());
        let parts = [(before > 0).then(|| zeros(before)), Some(places.clone())];
        let behind = length - before - count;
        let parts = parts.into_iter().chain([(behind > 0).then(|| zeros(behind))]);
        Tensor::cat(parts.flatten().collect(), 1)
    }

    /// What is added to the scores: something for padding, and as much again for all that comes later.
    fn mask(&self, mask: Tensor<2>) -> AttentionMask {
        let ([n, _], device, length) = (mask.dims(), mask.device(), self.config.positions());
        let later = Tensor::<2>::full([length, length], HIDDEN, &device).triu(1);
        let seen = Tensor::ones([n, self.config.additional_embeddings], &device);
        let parts = match self.config.additional_embeddings {
            0 => vec![mask],
            _ => vec![mask, seen],
        };
        let padding = (Tensor::cat(parts, 1) * -1.0 + 1.0) * HIDDEN;
        let padding: Tensor<4> = padding.reshape([n, 1, 1, length]);
        let later: Tensor<4> = later.reshape([1, 1, length, length]);
        AttentionMask::Additive(padding + later)
    }

    /// [`PriorTransformer::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(&self, inputs: PriorInputs) -> Result<Tensor<3>, Error> {
        self.check_inputs(&inputs)?;
        Ok(self.forward(inputs))
    }
}
