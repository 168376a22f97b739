//! The first normalisation of a block with the embedding of time and class that conditions it: `AdaLayerNormZero` with
//! `CombinedTimestepLabelEmbeddings` of diffusers, one of its own in every block.

use crate::Init;
use crate::layer::{Embedding, LayerNorm, Linear, Sinusoidal, TimestepEmbedding};
use crate::transformer::ada_layer_norm::EPS;
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// Sines and cosines of a time.
const SINUSOIDAL: Sinusoidal = Sinusoidal { dim: 256, flip_sin_to_cos: true, freq_shift: 1.0 };

/// The normalisation with its parameters.
#[derive(Module, Debug)]
pub struct LabelNorm {
    /// Of time and class.
    pub emb: TimestepLabelEmbedding,
    /// From their embedding to shifts, scales and gates.
    pub linear: Linear,
    /// The normalisation.
    pub norm: LayerNorm,
}

/// The sum of the embeddings of time and class.
#[derive(Module, Debug)]
pub struct TimestepLabelEmbedding {
    /// Of the time.
    pub timestep_embedder: TimestepEmbedding,
    /// Of the class.
    pub class_embedder: LabelEmbedding,
}

/// The table of classes; its last row stands for no class.
#[derive(Module, Debug)]
pub struct LabelEmbedding {
    /// One vector per class.
    pub embedding_table: Embedding,
}

impl LabelNorm {
    /// For tokens of `dim` channels and a table of `rows` rows.
    pub fn new(init: &mut Init<'_>, dim: usize, rows: usize) -> Self {
        let timestep_embedder = TimestepEmbedding::new(init, SINUSOIDAL.dim, dim);
        let embedding_table = Embedding::new(init, rows, dim);
        let class_embedder = LabelEmbedding { embedding_table };
        Self {
            emb: TimestepLabelEmbedding { timestep_embedder, class_embedder },
            linear: Linear::new(init, dim, 6 * dim),
            norm: LayerNorm::plain(EPS),
        }
    }
}

impl TimestepLabelEmbedding {
    /// The condition `[N, C]` of `timestep [N]` and `labels [N]` or `[1]`.
    pub fn forward(&self, timestep: Tensor<1>, labels: Tensor<1, Int>) -> Tensor<2> {
        let time = self.timestep_embedder.forward(SINUSOIDAL.forward(timestep));
        time + self.class_embedder.embedding_table.forward(labels)
    }
}
