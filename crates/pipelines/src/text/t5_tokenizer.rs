//! T5's words by a unigram model (Kudo 2018; Raffel et al. 2020), from `tokenizer.json`, or from SentencePiece's
//! `spiece.model`.

use std::path::Path;

use langevin_weights::Config;
use serde_json::Value;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::precompiled::Precompiled;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{AddedToken, PreTokenizerWrapper};

use super::Tokens;
use super::bounded::Tokenizer;
use super::charsmap;
use super::markers::Markers;
use super::sentence_piece::SentencePiece;
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
    /// Where there is neither `tokenizer.json` nor `spiece.model`, it is damaged, or a marker is no token.
    pub fn open(folder: &Path, vocabulary: usize) -> Result<Self> {
        let refused = |reason: String| Error::Component { path: folder.to_owned(), reason };
        let (whole, pieces) = (folder.join("tokenizer.json"), folder.join("spiece.model"));
        let tokenizer = if whole.exists() {
            super::tokenizer_json::open(&whole).map_err(refused)?
        } else if pieces.exists() {
            from_pieces(&pieces, extra_tokens(folder)?)
                .map_err(|reason| refused(format!("spiece.model cannot be used: {reason}")))?
        } else {
            return Err(refused("there is no tokenizer.json and no spiece.model".to_owned()));
        };
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

/// No longer file than this is read; T5's has 0.8 MB, the largest multilingual ones 5.
const LONGEST: u64 = 1 << 26;

/// The token that stands for what no piece does, in all of T5's files.
const UNKNOWN: usize = 2;

/// How many tokens `<extra_id_…>` there are behind those of the file.
fn extra_tokens(folder: &Path) -> Result<usize> {
    let path = folder.join("tokenizer_config.json");
    if !path.exists() {
        return Ok(100);
    }
    let config = Config::read(path)?;
    let count = config.values().get("extra_ids").and_then(Value::as_u64).unwrap_or(100);
    Ok(count.min(10_000) as usize)
}

/// The tokenizer that transformers makes of a SentencePiece file.
fn from_pieces(path: &Path, extra: usize) -> Result<Tokenizer, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LONGEST {
        return Err(format!("it is {length} bytes long, and {LONGEST} is the most allowed"));
    }
    let model = SentencePiece::read(&std::fs::read(path).map_err(|error| error.to_string())?)?;
    if model.kind != 1 {
        return Err(format!("its kind is {}, but 1, unigram, was expected", model.kind));
    }
    if model.pieces.is_empty() {
        return Err("it holds no pieces of words".to_owned());
    }
    let mut pieces = model.pieces;
    let extra: Vec<String> = (0..extra).rev().map(|i| format!("<extra_id_{i}>")).collect();
    pieces.extend(extra.iter().map(|token| (token.clone(), 0.0)));
    let unigram = Unigram::from(pieces, Some(UNKNOWN), false).map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::new(unigram.into());
    if !model.charsmap.is_empty() {
        charsmap::check(&model.charsmap)?;
        let map = Precompiled::from(&model.charsmap).map_err(|error| error.to_string())?;
        tokenizer.with_normalizer(Some(map));
    }
    tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![
        PreTokenizerWrapper::WhitespaceSplit(WhitespaceSplit),
        Metaspace::new('▁', PrependScheme::Always, true).into(),
    ])));
    let special: Vec<AddedToken> = ["<pad>", "</s>", "<unk>"]
        .into_iter()
        .map(str::to_owned)
        .filter(|token| tokenizer.token_to_id(token).is_some())
        .chain(extra)
        .map(|token| AddedToken::from(token, true))
        .collect();
    tokenizer.add_special_tokens(&special);
    Ok(tokenizer)
}
