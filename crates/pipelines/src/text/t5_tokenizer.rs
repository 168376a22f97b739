//! T5's words by a unigram model (Kudo 2018; Raffel et al. 2020), from `tokenizer.json`.

use std::path::Path;

use tokenizers::Tokenizer;

use super::Tokens;
use super::markers::Markers;
use crate::{Error, Result};

/// The tokenizer of a T5 encoder: no start, the prompt, one end, then padding.
#[derive(Debug)]
pub struct T5Tokenizer {
    tokenizer: Tokenizer,
    end: i64,
    padding: i64,
}

impl T5Tokenizer {
    /// Opens the folder of a tokenizer for an encoder that knows `vocabulary` tokens.
    ///
    /// # Errors
    /// Where there is no `tokenizer.json`, it is damaged, or a marker is no token.
    pub fn open(folder: &Path, vocabulary: usize) -> Result<Self> {
        let refused = |reason: String| Error::Component { path: folder.to_owned(), reason };
        let file = folder.join("tokenizer.json");
        if !file.exists() {
            return Err(refused(if folder.join("spiece.model").exists() {
                "spiece.model has to be converted to tokenizer.json, as saving the tokenizer with Python's transformers \
                 does"
                    .to_owned()
            } else {
                "there is no tokenizer.json".to_owned()
            }));
        }
        let tokenizer = super::clip_tokenizer::whole_tokenizer(&file).map_err(refused)?;
        let [start, end, padding] = ["<s>", "</s>", "<pad>"].map(str::to_owned);
        let markers = Markers { start, end, padding, length: None }.or_read(folder)?;
        let id = |token: &str| {
            let id = tokenizer.token_to_id(token).map(i64::from);
            let id = id.ok_or_else(|| refused(format!("the marker {token} is no token")))?;
            if id as usize >= vocabulary {
                return Err(refused(format!(
                    "the marker {token} is token {id}, but the text encoder knows {vocabulary} tokens"
                )));
            }
            Ok(id)
        };
        let (end, padding) = (id(&markers.end)?, id(&markers.padding)?);
        Ok(Self { tokenizer, end, padding })
    }

    /// `length` tokens of a prompt, cut off where it is too long.
    ///
    /// # Errors
    /// Where the tokenizer's own rules fail, or there is no place for the end.
    pub fn encode(&self, prompt: &str, length: usize) -> Result<Tokens> {
        let Some(room) = length.checked_sub(1) else {
            return Err(Error::Value {
                name: "the number of tokens",
                found: length.to_string(),
                expected: "at least 1".to_owned(),
            });
        };
        Tokens::new(&self.tokenizer, prompt, room, |ids| {
            ids.push(self.end);
            ids.resize(length, self.padding);
        })
    }
}
