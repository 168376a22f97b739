//! CLIP's byte-pair encoding (Radford et al. 2021; Sennrich et al. 2016): lower case, words and punctuation apart, each
//! word's bytes merged by rank; from `tokenizer.json`, or from `vocab.json` and `merges.txt`.

use std::borrow::Cow;
use std::path::Path;

use langevin_weights::folder::TokenizerPlace;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior};

use super::bounded::Tokenizer;
use super::markers::Markers;
use super::{Tokens, tokenizer_json};
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
    /// Words that were learnt: the first token, and how many there are.
    learned: Vec<(String, usize)>,
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
        let tokenizer = read(folder).map_err(refused)?;
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
        Ok(Self { tokenizer, start, end, padding, length, learned: Vec::new() })
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
        let prompt = self.spelled_out(prompt)?;
        Tokens::new(&self.tokenizer, &prompt, self.room(), |ids| self.finish(ids))
    }

    /// How many tokens of a prompt fit between the markers.
    pub(super) fn room(&self) -> usize {
        self.length - 2
    }

    /// Puts the markers around at most [`Self::room`] tokens, and padding behind them.
    pub(super) fn finish(&self, ids: &mut Vec<i64>) {
        ids.insert(0, self.start);
        ids.push(self.end);
        ids.resize(self.length, self.padding);
    }

    /// All tokens of a text, without markers.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<i64>> {
        let text = self.spelled_out(text)?;
        Ok(Tokens::new(&self.tokenizer, &text, usize::MAX, |_| ())?.ids)
    }

    /// Adds the tokens `word`, `word_1`, … and returns the first one's index.
    ///
    /// # Errors
    /// Where one of them is empty or known already.
    pub fn learn(&mut self, word: &str, count: usize) -> Result<usize> {
        let refused = |found: String, expected: &str| {
            Err(Error::Value { name: "the learnt word", found, expected: expected.to_owned() })
        };
        if word.trim() != word || word.is_empty() {
            return refused(format!("\"{word}\""), "a word without spaces around it");
        }
        let tokens: Vec<String> = (0..count)
            .map(|i| if i == 0 { word.to_owned() } else { format!("{word}_{i}") })
            .collect();
        if let Some(known) = tokens.iter().find(|t| self.tokenizer.token_to_id(t).is_some()) {
            return refused(known.clone(), "a word that the tokenizer does not know yet");
        }
        let first = self.tokenizer.get_vocab_size(true);
        let added: Vec<AddedToken> =
            tokens.into_iter().map(|token| AddedToken::from(token, false)).collect();
        self.tokenizer.add_tokens(&added);
        self.learned.push((word.to_owned(), count));
        Ok(first)
    }

    /// A prompt with every learnt word of several tokens followed by the others of them.
    fn spelled_out<'a>(&self, prompt: &'a str) -> Result<Cow<'a, str>> {
        let mut prompt = Cow::Borrowed(prompt);
        for (word, count) in self.learned.iter().filter(|(_, count)| *count > 1) {
            let encoding = super::tokens::encoding(&self.tokenizer, &prompt)?;
            if encoding.get_tokens().iter().any(|token| token == word) {
                let others = (1..*count).map(|i| format!(" {word}_{i}")).collect::<String>();
                prompt = Cow::Owned(prompt.replace(word, &format!("{word}{others}")));
            }
        }
        Ok(prompt)
    }
}

/// The tokenizer, or a sentence about the file at fault.
fn read(folder: &Path) -> Result<Tokenizer, String> {
    let whole = folder.join("tokenizer.json");
    if whole.exists() {
        return tokenizer_json::open(&whole);
    }
    let files = ["vocab.json", "merges.txt"];
    if let Some(name) = files.iter().find(|name| !folder.join(name).exists()) {
        return Err(format!("there is neither tokenizer.json nor {name}"));
    }
    parts(folder)
        .map_err(|error| format!("{} do not make a tokenizer: {error}", files.join(" and ")))
}

fn parts(folder: &Path) -> tokenizers::Result<Tokenizer> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let model = BPE::from_file(&path("vocab.json"), &path("merges.txt"))
        .unk_token(END.to_owned())
        .end_of_word_suffix("</w>".to_owned())
        .build()?;
    let mut tokenizer = Tokenizer::new(model.into());
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
