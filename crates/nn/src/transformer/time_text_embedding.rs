//! The condition of a text-to-image transformer: the embedding of the time, plus that of the guidance scale in distilled
//! networks (Meng et al. 2023), plus that of the text's pooled embedding; `CombinedTimestepTextProjEmbeddings` and
//! `CombinedTimestepGuidanceTextProjEmbeddings` of diffusers.

use crate::Init;
use crate::layer::{Sinusoidal, TimestepEmbedding};
use burn::module::Module;
use burn::tensor::Tensor;

/// Sines and cosines of a number.
const SINUSOIDAL: Sinusoidal = Sinusoidal { dim: 256, flip_sin_to_cos: true, freq_shift: 0.0 };

/// The perceptrons with their parameters.
#[derive(Module, Debug)]
pub struct TimeTextEmbedding {
    /// Of the time.
    pub timestep_embedder: TimestepEmbedding,
    /// Of the guidance scale.
    pub guidance_embedder: Option<TimestepEmbedding>,
    /// Of the pooled embedding of the text, two layers with SiLU between.
    pub text_embedder: TimestepEmbedding,
}

impl TimeTextEmbedding {
    /// From pooled embeddings of `pooled` numbers to conditions of `dim`.
    pub fn new(init: &mut Init<'_>, pooled: usize, dim: usize) -> Self {
        Self {
            timestep_embedder: TimestepEmbedding::new(init, SINUSOIDAL.dim, dim),
            guidance_embedder: None,
            text_embedder: TimestepEmbedding::new(init, pooled, dim),
        }
    }

    /// The same with an embedding of the guidance scale.
    pub fn with_guidance(self, init: &mut Init<'_>) -> Self {
        let dim = self.timestep_embedder.linear_2.weight.dims()[0];
        let guidance_embedder = Some(TimestepEmbedding::new(init, SINUSOIDAL.dim, dim));
        Self { guidance_embedder, ..self }
    }

    /// The condition `[N, dim]` of `timestep [N]`, `guidance [N]` where the network has it, and `pooled [N, P]`.
    ///
    /// # Panics
    /// When a guidance scale is missing, or given to a network without its embedding.
    pub fn forward(
        &self,
        timestep: Tensor<1>,
        guidance: Option<Tensor<1>>,
        pooled: Tensor<2>,
    ) -> Tensor<2> {
        let time = self.timestep_embedder.forward(SINUSOIDAL.forward(timestep));
        let time = match (&self.guidance_embedder, guidance) {
            (Some(embedder), Some(scale)) => time + embedder.forward(SINUSOIDAL.forward(scale)),
            (None, None) => time,
            _ => panic!("a guidance scale must be given exactly when the network embeds it"),
        };
        time + self.text_embedder.forward(pooled)
    }
}
