//! A prompt as tokens, cut off where it is too long.

use tokenizers::{Encoding, Tokenizer};

use crate::{Error, Result};

/// A prompt as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The prompt with its markers and padding: always as many.
    pub ids: Vec<i64>,
    /// The end of the prompt that did not fit.
    pub cut: Option<String>,
}

impl Tokens {
    /// The first `room` tokens of a prompt, which `finish` completes.
    pub(super) fn new(
        tokenizer: &Tokenizer,
        prompt: &str,
        room: usize,
        finish: impl FnOnce(&mut Vec<i64>),
    ) -> Result<Self> {
        let encoding = encoding(tokenizer, prompt)?;
        let found = encoding.get_ids();
        let kept = found.len().min(room);
        let mut ids = found[..kept].iter().map(|&id| i64::from(id)).collect();
        finish(&mut ids);
        let cut = (found.len() > room).then(|| {
            let from = encoding.get_offsets()[kept].0;
            prompt.get(from..).unwrap_or_default().trim().to_owned()
        });
        Ok(Self { ids, cut })
    }
}

/// A prompt as the tokenizer reads it, without markers.
pub(super) fn encoding(tokenizer: &Tokenizer, prompt: &str) -> Result<Encoding> {
    tokenizer.encode(prompt, false).map_err(|error| Error::Value {
        name: "the prompt",
        found: format!("\"{prompt}\""),
        expected: format!("text that the tokenizer can read: {error}"),
    })
}
