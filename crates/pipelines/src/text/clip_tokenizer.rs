//! CLIP's byte-pair encoding (Radford et al. 2021; Sennrich et al. 2016): lower case, words and punctuation apart, each
//! word's bytes merged by rank; from `tokenizer.json`, or from `vocab.json` and `merges.txt`.

use std::path::Path;

use langevin_weights::Config;
use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer,
};

use crate::{Error, Result};

/// What a word is: markers, contractions, letters, single digits, runs of anything else.
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";

/// No more tokens than this are ever asked for: files may name a length that stands for "any".
const MOST: usize = 77;

/// The tokenizer of one text encoder.
#[derive(Debug)]
pub struct ClipTokenizer {
    tokenizer: Tokenizer,
    start: i64,
    end: i64,
    padding: i64,
    length: usize,
}

/// A prompt as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Start, the prompt, end, padding: always as many.
    pub ids: Vec<i64>,
    /// The end of the prompt that did not fit.
    pub cut: Option<String>,
}

impl ClipTokenizer {
    /// Opens the folder of a tokenizer for a text encoder that knows `positions` places and `vocabulary` tokens.
    ///
    /// # Errors
    /// Where files are missing or damaged, or a marker is no token.
    pub fn open(folder: &Path, (positions, vocabulary): (usize, usize)) -> Result<Self> {
        let refused = |reason: String| Error::Component { path: folder.to_owned(), reason };
        let tokenizer = read(folder).map_err(|error| refused(error.to_string()))?;
        let markers = Markers::read(folder)?;
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
        let (start, end) = (id(&markers.start)?, id(&markers.end)?);
        let padding = id(&markers.padding)?;
        let length = markers.length.unwrap_or(MOST).min(positions);
        if length < 2 {
            return Err(refused(format!("{length} tokens leave no place for a prompt")));
        }
        Ok(Self { tokenizer, start, end, padding, length })
    }

    /// Tokens of a prompt, cut off where it is too long.
    ///
    /// # Errors
    /// Where the tokenizer's own rules fail.
    pub fn encode(&self, prompt: &str) -> Result<Tokens> {
        let encoding = self.tokenizer.encode(prompt, false).map_err(|error| Error::Value {
            name: "the prompt",
            found: format!("\"{prompt}\""),
            expected: format!("text that the tokenizer can read: {error}"),
        })?;
        let (room, found) = (self.length - 2, encoding.get_ids());
        let kept = found.len().min(room);
        let mut ids = vec![self.start];
        ids.extend(found[..kept].iter().map(|&id| i64::from(id)));
        ids.push(self.end);
        ids.resize(self.length, self.padding);
        let cut = (found.len() > room).then(|| {
            let from = encoding.get_offsets()[kept].0;
            prompt.get(from..).unwrap_or_default().trim().to_owned()
        });
        Ok(Tokens { ids, cut })
    }
}

/// The special tokens that the folder's settings name.
struct Markers {
    start: String,
    end: String,
    padding: String,
    length: Option<usize>,
}

impl Markers {
    fn read(folder: &Path) -> Result<Self> {
        let mut markers = Self {
            start: START.to_owned(),
            end: END.to_owned(),
            padding: END.to_owned(),
            length: None,
        };
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let config = Config::read(path)?;
            let text = |key: &str| match config.values().get(key)? {
                Value::String(text) => Some(text.clone()),
                // An added token with its settings.
                Value::Object(token) => token.get("content")?.as_str().map(str::to_owned),
                _ => None,
            };
            let fields = [
                ("bos_token", &mut markers.start),
                ("eos_token", &mut markers.end),
                ("pad_token", &mut markers.padding),
            ];
            for (key, field) in fields {
                if let Some(text) = text(key) {
                    *field = text;
                }
            }
            let length = config.values().get("model_max_length").and_then(Value::as_f64);
            markers.length = length.map(|most| most as usize).or(markers.length);
        }
        Ok(markers)
    }
}

fn read(folder: &Path) -> tokenizers::Result<Tokenizer> {
    let whole = folder.join("tokenizer.json");
    if whole.exists() {
        let mut tokenizer = Tokenizer::from_file(whole)?;
        tokenizer.with_truncation(None)?;
        tokenizer.with_padding(None);
        return Ok(tokenizer);
    }
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let model = BPE::from_file(&path("vocab.json"), &path("merges.txt"))
        .unk_token(END.to_owned())
        .end_of_word_suffix("</w>".to_owned())
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(Sequence::new(vec![
        NormalizerWrapper::NFC(NFC),
        Replace::new(ReplacePattern::Regex(r"\s+".to_owned()), " ")?.into(),
        Lowercase.into(),
    ])));
    let words =
        Split::new(SplitPattern::Regex(WORDS.to_owned()), SplitDelimiterBehavior::Removed, true)?;
    tokenizer.with_pre_tokenizer(Some(PreSequence::new(vec![
        PreTokenizerWrapper::Split(words),
        ByteLevel::new(false, true, true).into(),
    ])));
    tokenizer.add_special_tokens(&[START, END].map(|text| AddedToken::from(text, true)));
    Ok(tokenizer)
}
