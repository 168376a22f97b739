//! Prompts of any length for an encoder that reads a fixed number of tokens: cut into chunks, each with its markers.

use super::ClipTokenizer;
use super::emphasis::phrases;
use crate::Result;

/// As many tokens as the encoder reads at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Tokens with their markers and padding.
    pub ids: Vec<i64>,
    /// The weight of each; 1 for markers and padding.
    pub weights: Vec<f32>,
}

impl Chunk {
    /// Whether any token has another weight than 1.
    pub fn is_weighted(&self) -> bool {
        self.weights.iter().any(|weight| *weight != 1.0)
    }
}

impl ClipTokenizer {
    /// All tokens of a prompt in one or more chunks, with the weights that its brackets give.
    ///
    /// # Errors
    /// Where the tokenizer's own rules fail.
    pub fn chunks(&self, prompt: &str) -> Result<Vec<Chunk>> {
        let mut tokens = Vec::new();
        for phrase in phrases(prompt) {
            let ids = self.ids(&phrase.text)?;
            tokens.extend(ids.into_iter().map(|id| (id, phrase.weight as f32)));
        }
        let chunk = |tokens: &[(i64, f32)]| {
            let (mut ids, mut weights): (Vec<i64>, Vec<f32>) = tokens.iter().copied().unzip();
            self.finish(&mut ids);
            weights.insert(0, 1.0);
            weights.resize(ids.len(), 1.0);
            Chunk { ids, weights }
        };
        if tokens.is_empty() {
            return Ok(vec![chunk(&[])]);
        }
        Ok(tokens.chunks(self.room().max(1)).map(chunk).collect())
    }
}
