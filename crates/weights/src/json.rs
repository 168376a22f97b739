//! JSON as Python writes it, read strictly.
//!
//! Python's `json` writes the numbers that JSON lacks as bare `NaN`, `Infinity` and `-Infinity`, and
//! diffusers does so in scheduler configurations (`"lambda_min_clipped": -Infinity`).
//! They are read as the strings of the same spelling, which [`Config`](crate::Config) reads as
//! numbers and [`pretty`](crate::pretty) writes bare again.
//! Text that says two things is refused: a key that occurs twice in one object is an error, since
//! taking the last would hide a mistake. Depth and size are limited.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Error, Result};

/// The deepest nesting accepted.
const DEEPEST: usize = 64;

/// The spellings of the numbers that JSON lacks.
pub(crate) const NON_FINITE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Parses `text`, which came from `path` and may be `limit` bytes long.
pub(crate) fn parse(path: &Path, text: &[u8], limit: u64) -> Result<Value> {
    if text.len() as u64 > limit {
        return Err(Error::TooLong { path: path.to_owned(), length: text.len() as u64, limit });
    }
    let text = quote_non_finite(text);
    let mut fault = None;
    let mut reader = serde_json::Deserializer::from_slice(&text);
    let parsed = ValueSeed { depth: 0, fault: &mut fault }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    parsed.map_err(|error| match fault {
        Some(Fault::DuplicateKey(key)) => Error::DuplicateKey { path: path.to_owned(), key },
        Some(Fault::TooDeep) => Error::TooDeep { path: path.to_owned(), limit: DEEPEST },
        None => Error::Json { path: path.to_owned(), detail: error.to_string() },
    })
}

/// Puts bare `NaN`, `Infinity` and `-Infinity` outside strings into quotes.
fn quote_non_finite(text: &[u8]) -> Cow<'_, [u8]> {
    let mut quoted = Vec::new();
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string => {
                if let Some(word) =
                    NON_FINITE.iter().find(|word| text[at..].starts_with(word.as_bytes()))
                {
                    quoted.extend_from_slice(&text[copied..at]);
                    quoted.extend_from_slice(format!("\"{word}\"").as_bytes());
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    quoted.extend_from_slice(&text[copied..]);
    Cow::Owned(quoted)
}

/// Why a text was refused that is JSON by the letter.
enum Fault {
    DuplicateKey(String),
    TooDeep,
}

/// Builds a [`Value`], counting levels and comparing keys.
struct ValueSeed<'a> {
    depth: usize,
    fault: &'a mut Option<Fault>,
}

impl ValueSeed<'_> {
    fn inner(&mut self) -> ValueSeed<'_> {
        ValueSeed { depth: self.depth + 1, fault: self.fault }
    }

    fn check_depth<E: de::Error>(&mut self) -> Result<(), E> {
        if self.depth < DEEPEST {
            return Ok(());
        }
        *self.fault = Some(Fault::TooDeep);
        Err(E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number beyond all bounds"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if values.contains_key(&key) {
                *self.fault = Some(Fault::DuplicateKey(key));
                return Err(de::Error::custom("a key occurs twice"));
            }
            let value = map.next_value_seed(self.inner())?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value> {
        parse(Path::new("c.json"), text.as_bytes(), 1 << 20)
    }

    #[test]
    fn ordinary_json_reads_as_serde_json_reads_it() {
        let text = r#" {"a": [1, -2, 2.5, 1e-5, true, null, "x\"\\\u00e9"], "b": {}, "c": 18446744073709551615} "#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn bare_non_finite_numbers_become_strings() {
        let value =
            read(r#"{"a": -Infinity, "b": [NaN, Infinity], "c": "\"NaN, -Infinity"}"#).unwrap();
        let expected = serde_json::json!({"a": "-Infinity", "b": ["NaN", "Infinity"], "c": "\"NaN, -Infinity"});
        assert_eq!(value, expected);
        assert!(read("1Infinity").is_err() && read("tNaN").is_err() && read("--Infinity").is_err());
    }

    #[test]
    fn ambiguous_and_absurd_texts_are_refused_in_a_sentence() {
        let sentence = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(sentence(r#"{"a": 1, "b": {"a": 1, "a": 1}}"#), "c.json has the key `a` twice");
        assert_eq!(sentence(&"[".repeat(100_000)), "c.json nests more than 64 levels deep");
        assert_eq!(
            sentence(&format!("[{}]", " ".repeat(1 << 20))),
            "c.json is 1048578 bytes long, and a configuration may have at most 1048576"
        );
        for broken in
            ["", "{", "{} {}", "{\"a\"}", "[1,]", "\"\u{1}\"", "1e999", "{\"a\": \"\\ud800\"}"]
        {
            assert!(sentence(broken).starts_with("c.json is no valid JSON: "), "{broken}");
        }
        assert!(parse(Path::new("c.json"), b"\"\xff\"", 10).is_err());
    }
}
