//! Tokens and their places as vectors: a row of one table for the token plus a row of another for its position.

use super::CLIPTextConfig;
use crate::Init;
use crate::layer::Embedding;
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// The two tables.
#[derive(Module, Debug)]
pub struct CLIPTextEmbeddings {
    /// A row for each token.
    pub token_embedding: Embedding,
    /// A row for each position.
    pub position_embedding: Embedding,
}

impl CLIPTextEmbeddings {
    /// Builds the tables.
    pub fn new(init: &mut Init<'_>, config: &CLIPTextConfig) -> Self {
        Self {
            token_embedding: Embedding::new(init, config.vocab_size, config.hidden_size),
            position_embedding: Embedding::new(
                init,
                config.max_position_embeddings,
                config.hidden_size,
            ),
        }
    }

    /// Maps `input_ids [N, L]` to `[N, L, C]`.
    pub fn forward(&self, input_ids: Tensor<2, Int>) -> Tensor<3> {
        let [n, l] = input_ids.dims();
        let tokens = self.token_embedding.forward(input_ids.reshape([n * l]));
        let c = tokens.dims()[1];
        let positions = self.position_embedding.weight.val().slice([0..l, 0..c]);
        tokens.reshape([n, l, c]) + positions.unsqueeze::<3>()
    }
}
