//! `tokenizer.json`, which holds a whole tokenizer, read as if hostile: what its reader takes for granted is checked first.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use tokenizers::normalizers::precompiled::Precompiled;

use super::bounded::{Tokenizer, doubles_often};
use super::charsmap;
use super::foreign::guard;

/// A whole tokenizer from its file, without cutting or padding.
pub(super) fn open(file: &Path) -> Result<Tokenizer, String> {
    let text =
        std::fs::read(file).map_err(|error| format!("tokenizer.json cannot be read: {error}"))?;
    check_charsmaps(&text)?;
    let read = || {
        let mut tokenizer = Tokenizer::from_bytes(&text)?;
        tokenizer.with_truncation(None)?;
        tokenizer.with_padding(None);
        if tokenizer.get_pre_tokenizer().is_some_and(doubles_often) {
            return Err("its rules cut a text into bytes more than twice".into());
        }
        Ok(tokenizer)
    };
    // The reader takes some parts for granted where a file names them in unforeseen ways.
    let read = guard(read).ok_or("tokenizer.json is not of a form that can be read")?;
    read.map_err(|error: tokenizers::Error| format!("tokenizer.json makes no tokenizer: {error}"))
}

/// Checks SentencePiece's replacements of characters in a `tokenizer.json`, which the tokenizer itself trusts: wherever they
/// stand, and however often, because it also takes what another entry of the same name replaces, and reads the beginning of
/// a text that is no JSON in the end.
fn check_charsmaps(text: &[u8]) -> Result<(), String> {
    let mut wrong = None;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let walk = Walk { charsmap: false, wrong: &mut wrong };
    let read = walk.deserialize(&mut reader).and_then(|()| reader.end());
    match (wrong, read) {
        (Some(wrong), _) => Err(wrong),
        (None, Err(error)) => Err(format!("tokenizer.json is no JSON: {error}")),
        (None, Ok(())) => Ok(()),
    }
}

/// Visits a JSON value and all within.
struct Walk<'a> {
    /// Whether it is the value of an entry with replacements.
    charsmap: bool,
    /// What is wrong with replacements, which ends the walk.
    wrong: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        let checked = if self.charsmap { check_charsmap(text) } else { Ok(()) };
        checked.map_err(|wrong| {
            *self.wrong = Some(wrong);
            E::custom("damaged replacements")
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { charsmap, wrong } = self;
        while list.next_element_seed(Walk { charsmap, wrong: &mut *wrong })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let charsmap = key == "precompiled_charsmap";
            map.next_value_seed(Walk { charsmap, wrong: &mut *self.wrong })?;
        }
        Ok(())
    }
}

fn check_charsmap(coded: &str) -> Result<(), String> {
    let decoded = STANDARD.decode(coded);
    let decoded = decoded.map_err(|_| "its replacements of characters are no base64")?;
    charsmap::check(&decoded)?;
    Precompiled::from(&decoded).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of four gigabytes that the text does not hold, where a reader that goes on from it would make room for it.
    #[test]
    fn replacements_are_checked_wherever_they_stand() {
        let bad = r#"{"type": "Precompiled", "precompiled_charsmap": "////////////////AAAA"}"#;
        let unnamed = r#"{"precompiled_charsmap": "////////////////AAAA"}"#;
        let refused = |text: String| check_charsmaps(text.as_bytes()).expect_err("a refusal");
        for text in [
            format!(r#"{{"normalizer": {bad}}}"#),
            format!(r#"{{"normalizer": {bad}, "normalizer": null}}"#),
            format!(r#"{{"normalizer": {bad}, "post_processor": -Infinity}}"#),
            format!(r#"{{"normalizer": {{"normalizers": [{unnamed}]}}}}"#),
        ] {
            assert!(refused(text).contains("cut short"));
        }
        assert!(refused(r#"{"a": -Infinity}"#.to_owned()).contains("no JSON"));
        assert!(refused(r#"{"a": 1} x"#.to_owned()).contains("no JSON"));
        assert!(refused(r#"{"precompiled_charsmap": "§"}"#.to_owned()).contains("base64"));
        assert_eq!(check_charsmaps(br#"{"a": [1, -1, 0.5, true, null, "b"]}"#), Ok(()));
    }
}
