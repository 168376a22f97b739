//! The rules that rewrite a prompt before it is split, watched while they work: a file of a few lines can ask to put text
//! between all letters, again and again, until no memory is left.

use std::panic::resume_unwind;

use serde::Deserialize;
use tokenizers::models::ModelWrapper;
use tokenizers::{
    DecoderWrapper, NormalizedString, Normalizer, NormalizerWrapper, PostProcessorWrapper,
    PreTokenizerWrapper, TokenizerImpl,
};

/// A tokenizer with such rules.
pub(super) type Tokenizer =
    TokenizerImpl<ModelWrapper, Bounded, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// Bytes that rules may make of each byte. Real ones make up to 11, of a ligature of Arabic.
const EACH: usize = 64;
/// Bytes that they may make of none: 4 KiB.
const BEGIN: usize = 1 << 12;
/// Bytes whose replacements are counted at a time.
const PIECE: usize = 64;

/// Rules that end where they make too much of a text.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Bounded(NormalizerWrapper);

impl<N: Into<NormalizerWrapper>> From<N> for Bounded {
    fn from(rules: N) -> Self {
        Self(rules.into())
    }
}

impl Normalizer for Bounded {
    /// Ends by unwinding, as damaged rules do (see [`guard`](super::foreign::guard)), where the text grows beyond its
    /// bound: the crate would not listen to an error.
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        let most = text.get().len().saturating_mul(EACH).saturating_add(BEGIN);
        apply(&self.0, text, most)
    }
}

fn apply(
    rules: &NormalizerWrapper,
    text: &mut NormalizedString,
    most: usize,
) -> tokenizers::Result<()> {
    if let NormalizerWrapper::Sequence(all) = rules {
        return all.as_ref().iter().try_for_each(|rules| apply(rules, text, most));
    }
    if foreseen(rules, text.get(), most) > most {
        resume_unwind(Box::new("rules make too much of a text"));
    }
    rules.normalize(text)?;
    if text.get().len() > most {
        resume_unwind(Box::new("rules make too much of a text"));
    }
    Ok(())
}

/// How many bytes a rule may make of a text at once, where that depends on the file; no more is counted than decides.
fn foreseen(rules: &NormalizerWrapper, text: &str, most: usize) -> usize {
    match rules {
        // Even an empty pattern is found no more often than between all bytes.
        NormalizerWrapper::Replace(replace) => {
            let places = text.len() + 1;
            places.saturating_mul(replace.content.len()).saturating_add(text.len())
        }
        NormalizerWrapper::Precompiled(map) => {
            let (mut made, mut rest) = (0, text);
            while !rest.is_empty() && made <= most {
                let (piece, others) = rest.split_at(rest.floor_char_boundary(PIECE));
                made += map.normalize_string(piece).len();
                rest = others;
            }
            made
        }
        _ => text.len(),
    }
}

/// Whether a text is cut into bytes, each written as a letter, more often than twice, whereby it may double each time.
pub(super) fn doubles_often(rules: &PreTokenizerWrapper) -> bool {
    fn count(rules: &PreTokenizerWrapper) -> usize {
        match rules {
            PreTokenizerWrapper::Sequence(all) => all.as_ref().iter().map(count).sum(),
            PreTokenizerWrapper::ByteLevel(_) => 1,
            _ => 0,
        }
    }
    count(rules) > 2
}

#[cfg(test)]
mod tests {
    use tokenizers::normalizers::replace::ReplacePattern;
    use tokenizers::normalizers::{ByteLevel, NFKD, Replace, Sequence};
    use tokenizers::pre_tokenizers::byte_level::ByteLevel as Bytes;
    use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;

    use super::*;
    use crate::text::foreign::guard;

    fn made(rules: Vec<NormalizerWrapper>, text: &str) -> Option<String> {
        let rules = Bounded::from(Sequence::new(rules));
        guard(|| {
            let mut text = NormalizedString::from(text);
            rules.normalize(&mut text).expect("rules");
            text.get().to_owned()
        })
    }

    fn replace(pattern: ReplacePattern, by: &str) -> NormalizerWrapper {
        Replace::new(pattern, by).expect("a rule").into()
    }

    #[test]
    fn rules_of_real_files_are_applied() {
        let spaces = || replace(ReplacePattern::Regex(" {2,}".to_owned()), "▁");
        assert_eq!(made(vec![spaces(), NFKD.into()], "ﬁne  sea").as_deref(), Some("fine▁sea"));
        let ligature = "\u{fdfa}".repeat(10_000);
        assert!(made(vec![NFKD.into()], &ligature).is_some());
        assert!(made(vec![spaces()], &"a sea ".repeat(100_000)).is_some());
    }

    #[test]
    fn rules_that_fill_all_memory_end() {
        let doubled = || replace(ReplacePattern::String("a".to_owned()), "aa");
        assert!(made((0..10).map(|_| doubled()).collect(), "a lighthouse").is_some());
        assert_eq!(made((0..40).map(|_| doubled()).collect(), "a lighthouse"), None);
        let bytes = (0..40).map(|_| ByteLevel.into()).collect();
        assert_eq!(made(bytes, "é"), None);
        let long = replace(ReplacePattern::String("a".to_owned()), &"b".repeat(100_000));
        assert_eq!(made(vec![long], "aaa"), None);
    }

    #[test]
    fn doubling_within_sequences_is_counted() {
        let some = |n| {
            let inner = PreSequence::new((0..n).map(|_| Bytes::default().into()).collect());
            PreTokenizerWrapper::Sequence(PreSequence::new(vec![inner.into()]))
        };
        assert!(!doubles_often(&some(2)));
        assert!(doubles_often(&some(3)));
    }
}
