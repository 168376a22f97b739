//! A CLIP text encoder with its tokenizer.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::{CLIPTextConfig, CLIPTextModel, CLIPTextOutput};
use langevin_weights::folder::Pipeline;

use super::ClipTokenizer;
use crate::{Error, Result, load};

/// Reads prompts of at most 77 tokens (Radford et al. 2021).
#[derive(Debug)]
pub struct Clip {
    /// From words to tokens.
    pub tokenizer: ClipTokenizer,
    /// From tokens to states.
    pub model: CLIPTextModel,
}

impl Clip {
    /// Reads two components of a pipeline: the text encoder and its tokenizer.
    ///
    /// # Errors
    /// Where one of them is missing, damaged or of another class.
    pub fn load(
        pipeline: &Pipeline,
        [encoder, tokenizer]: [&str; 2],
        device: &Device,
    ) -> Result<Self> {
        let (config, model) = load::<CLIPTextConfig>(&pipeline.component(encoder)?, device)?;
        let sizes = (config.max_position_embeddings, config.vocab_size);
        let tokenizer = ClipTokenizer::at(&pipeline.tokenizer(tokenizer)?, sizes)?;
        Ok(Self { tokenizer, model })
    }

    /// The states of a prompt, `[1, L, C]` each; what does not fit is told to `cut`.
    ///
    /// # Errors
    /// Where the tokenizer or the network refuses.
    pub fn read(
        &self,
        prompt: &str,
        device: &Device,
        cut: &mut dyn FnMut(&str),
    ) -> Result<CLIPTextOutput> {
        let tokens = self.tokenizer.encode(prompt)?;
        tokens.cut.as_deref().into_iter().for_each(cut);
        let length = tokens.ids.len();
        let ids = TensorData::new(tokens.ids, [1, length]);
        Ok(self.model.try_forward(Tensor::<2, Int>::from_data(ids, device))?)
    }

    /// The error about more layers left out than there are.
    pub(crate) fn too_many(&self, skip: usize) -> Error {
        let layers = self.model.config().num_hidden_layers;
        Error::Value {
            name: "clip_skip",
            found: skip.to_string(),
            expected: format!("fewer than the {layers} layers of the text encoder"),
        }
    }
}
