//! A prompt as tokens, cut off where it is too long.

use tokenizers::Encoding;

use super::bounded::Tokenizer;
use super::foreign::guard;
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
        if let Some(id) = found[..kept].iter().find(|&&id| i32::try_from(id).is_err()) {
            return Err(Error::Value {
                name: "a token of the prompt",
                found: id.to_string(),
                expected: format!("at most {}", i32::MAX),
            });
        }
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
    let refused = |why: String| Error::Value {
        name: "the prompt",
        found: format!("\"{prompt}\""),
        expected: format!("text that the tokenizer can read: {why}"),
    };
    // Rules of a file that nobody meant, such as replacing nothing, lead the crate out of its own text.
    match guard(|| tokenizer.encode(prompt, false)) {
        Some(read) => read.map_err(|error| refused(error.to_string())),
        None => Err(refused(
            "its rules of replacing or splitting are damaged, or make too much of a text"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_table_has_are_refused() {
        let text = r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": null, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": {"a": 4294967295, "b": 7}, "unk_token": "b"}}"#;
        let tokenizer = Tokenizer::from_bytes(text).expect("a tokenizer");
        let tokens = |prompt| Tokens::new(&tokenizer, prompt, 3, |ids| ids.push(1));
        assert_eq!(tokens("b").expect("tokens").ids, [7, 1]);
        let error = tokens("a").expect_err("a refusal").to_string();
        assert!(error.contains("4294967295"), "{error}");
    }
}
