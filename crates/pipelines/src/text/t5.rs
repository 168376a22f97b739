//! A T5 encoder with its tokenizer.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::{T5Config, T5EncoderModel};
use langevin_weights::folder::Pipeline;

use super::T5Tokenizer;
use crate::{Result, load};

/// Reads prompts of any length (Raffel et al. 2020).
#[derive(Debug)]
pub struct T5 {
    /// From words to tokens.
    pub tokenizer: T5Tokenizer,
    /// From tokens to states.
    pub model: T5EncoderModel,
}

impl T5 {
    /// Reads two components of a pipeline: the text encoder and its tokenizer.
    ///
    /// # Errors
    /// Where one of them is missing, damaged or of another class.
    pub fn load(
        pipeline: &Pipeline,
        [encoder, tokenizer]: [&str; 2],
        device: &Device,
    ) -> Result<Self> {
        let (config, model) = load::<T5Config>(&pipeline.component(encoder)?, device)?;
        let tokenizer =
            T5Tokenizer::open(&pipeline.tokenizer(tokenizer)?.folder, config.vocab_size)?;
        Ok(Self { tokenizer, model })
    }

    /// Numbers for each token.
    pub fn width(&self) -> usize {
        self.model.config().d_model
    }

    /// The last states `[1, length, C]` of a prompt, padding included and seen; what does not fit is told to `cut`.
    ///
    /// # Errors
    /// Where the tokenizer or the network refuses.
    pub fn read(
        &self,
        prompt: &str,
        length: usize,
        device: &Device,
        cut: &mut dyn FnMut(&str),
    ) -> Result<Tensor<3>> {
        let tokens = self.tokenizer.encode(prompt, length)?;
        tokens.cut.as_deref().into_iter().for_each(cut);
        let ids = TensorData::new(tokens.ids, [1, length]);
        Ok(self.model.try_forward(Tensor::<2, Int>::from_data(ids, device), None)?)
    }
}
