//! CLIP's byte-pair encoding (Radford et al. 2021; Sennrich et al. 2016): lower case, words and punctuation apart, each
//! word's bytes merged by rank; from `tokenizer.json`, or from `vocab.json` and `merges.txt`.

use std::path::Path;

use langevin_weights::folder::TokenizerPlace;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer,
};

use super::Tokens;
use super::markers::Markers;
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

impl ClipTokenizer {
    /// Opens the folder of a tokenizer for a text encoder that knows `positions` places and `vocabulary` tokens.
    ///
    /// # Errors
    /// Where files are missing or damaged, or a marker is no token.
    pub fn open(folder: &Path, sizes: (usize, usize)) -> Result<Self> {
        Self::at(&TokenizerPlace { folder: folder.to_owned(), padding: None }, sizes)
    }

    /// [`open`](Self::open), for a folder that may be another model's.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn at(place: &TokenizerPlace, (positions, vocabulary): (usize, usize)) -> Result<Self> {
        let folder = place.folder.as_path();
        let refused = |reason: String| Error::Component { path: folder.to_owned(), reason };
        let tokenizer = read(folder).map_err(|error| refused(error.to_string()))?;
        let [start, end, padding] = [START, END, END].map(str::to_owned);
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
        let (start, end) = (id(&markers.start)?, id(&markers.end)?);
        let padding = id(place.padding.unwrap_or(&markers.padding))?;
        let length = markers.length.unwrap_or(MOST).min(positions);
        if length < 2 {
            return Err(refused(format!("{length} tokens leave no place for a prompt")));
        }
        Ok(Self { tokenizer, start, end, padding, length })
    }

    /// How many tokens every prompt becomes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Tokens of a prompt, cut off where it is too long.
    ///
    /// # Errors
    /// Where the tokenizer's own rules fail.
    pub fn encode(&self, prompt: &str) -> Result<Tokens> {
        Tokens::new(&self.tokenizer, prompt, self.length - 2, |ids| {
            ids.insert(0, self.start);
            ids.push(self.end);
            ids.resize(self.length, self.padding);
        })
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
