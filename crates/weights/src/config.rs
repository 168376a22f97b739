//! A configuration file: one JSON object whose every value is asked for by name and kind.
//!
//! Errors name the file, the key, what was expected and what was found. A key that nobody knows is
//! reported with the nearest one that is known. For duplicate keys, depth and non-finite numbers see
//! the rules of the crate's JSON reader: duplicates are refused, 64 levels are the limit, and the
//! bare `NaN`, `Infinity` and `-Infinity` that Python writes are understood.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::Hint;
use crate::from_json::{FromJson, describe};
use crate::{Error, Result, json};

/// The longest configuration read, in bytes. Real ones have a few thousand.
pub(crate) const LONGEST: u64 = 1 << 20;

/// A JSON object and the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    path: PathBuf,
    values: Map<String, Value>,
}

impl Config {
    /// Reads a file of at most 1 MiB.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Io`] and those of [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(path, json::parse(path, &read_limited(path, LONGEST)?, LONGEST)?)
    }

    /// Parses `text`; `path` is only what errors call it.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Json`], [`Error::TooDeep`], [`Error::DuplicateKey`],
    /// [`Error::NotAnObject`].
    pub fn parse(path: impl AsRef<Path>, text: &[u8]) -> Result<Self> {
        let path = path.as_ref();
        Self::new(path, json::parse(path, text, LONGEST)?)
    }

    /// Values that lie in no file of their own; `path` is what errors call it.
    pub(crate) fn of(path: PathBuf, values: Map<String, Value>) -> Self {
        Self { path, values }
    }

    fn new(path: &Path, value: Value) -> Result<Self> {
        match value {
            Value::Object(values) => Ok(Self { path: path.to_owned(), values }),
            other => Err(Error::NotAnObject { path: path.to_owned(), found: describe(&other) }),
        }
    }

    /// Where it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All keys and values, in the order of the file.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The `_class_name`, or the first of several.
    pub fn class_name(&self) -> Option<&str> {
        match self.values.get("_class_name")? {
            Value::Array(names) => names.first()?.as_str(),
            name => name.as_str(),
        }
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// [`Error::MissingKey`], [`Error::WrongValue`].
    pub fn get<T: FromJson>(&self, key: &str) -> Result<T> {
        match self.values.get(key) {
            Some(value) => self.convert(key, value),
            None => Err(Error::MissingKey {
                path: self.path.clone(),
                key: key.to_owned(),
                expected: T::expected(),
            }),
        }
    }

    /// The value of a key, or `default` where the key is absent (but not where it is null).
    ///
    /// # Errors
    /// [`Error::WrongValue`].
    pub fn get_or<T: FromJson>(&self, key: &str, default: T) -> Result<T> {
        self.values.get(key).map_or(Ok(default), |value| self.convert(key, value))
    }

    /// The value of a key; `None` where it is absent or null.
    ///
    /// # Errors
    /// [`Error::WrongValue`].
    pub fn optional<T: FromJson>(&self, key: &str) -> Result<Option<T>> {
        self.get_or(key, None)
    }

    fn convert<T: FromJson>(&self, key: &str, value: &Value) -> Result<T> {
        T::from_json(value).ok_or_else(|| Error::WrongValue {
            path: self.path.clone(),
            key: key.to_owned(),
            expected: T::expected(),
            found: describe(value),
        })
    }

    /// The keys that are not among `known`, each with the nearest known one.
    ///
    /// Keys that start with `_` are the writer's own notes and count as known.
    pub fn unknown_keys(&self, known: &[&str]) -> Vec<(&str, Hint)> {
        self.values
            .keys()
            .filter(|key| !key.starts_with('_') && !known.contains(&key.as_str()))
            .map(|key| (key.as_str(), Hint::nearest(key, known.iter().copied())))
            .collect()
    }

    /// Refuses keys that are not among `known`, as [`unknown_keys`](Self::unknown_keys) finds them.
    ///
    /// # Errors
    /// [`Error::UnknownKey`], with the nearest known key.
    pub fn require_known(&self, known: &[&str]) -> Result<()> {
        match self.unknown_keys(known).into_iter().next() {
            None => Ok(()),
            Some((key, hint)) => {
                Err(Error::UnknownKey { path: self.path.clone(), key: key.to_owned(), hint })
            }
        }
    }
}

/// The bytes of a file, of which there may be `limit`.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |reason| Error::reading(path, reason);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > limit {
        return Err(Error::TooLong { path: path.to_owned(), length, limit });
    }
    let mut text = Vec::new();
    file.take(limit + 1).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse("config.json", text.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_read_by_kind() {
        let config = config(
            r#"{"_class_name": ["A", "B"], "n": 3, "m": 4.0, "x": 1, "inf": -Infinity, "on": true, "s": "t",
                "list": [8, 16], "none": null, "object": {"k": 1}}"#,
        );
        assert_eq!(config.class_name(), Some("A"));
        assert_eq!(config.get::<usize>("n").unwrap(), 3);
        assert_eq!(config.get::<i64>("m").unwrap(), 4);
        assert_eq!(config.get::<f64>("x").unwrap(), 1.0);
        assert_eq!(config.get::<f64>("inf").unwrap(), f64::NEG_INFINITY);
        assert!(config.get::<bool>("on").unwrap());
        assert_eq!(config.get::<String>("s").unwrap(), "t");
        assert_eq!(config.get::<Vec<u32>>("list").unwrap(), [8, 16]);
        assert_eq!(config.optional::<f64>("none").unwrap(), None);
        assert_eq!(config.optional::<f64>("absent").unwrap(), None);
        assert_eq!(config.get_or("absent", 5usize).unwrap(), 5);
        assert_eq!(config.get::<Map<String, Value>>("object").unwrap()["k"], 1);
    }

    #[test]
    fn wrong_values_are_told_in_a_sentence() {
        let config = config(
            r#"{"n": -1, "m": 2.5, "s": 3, "list": [1, "two"], "none": null, "big": 4294967296}"#,
        );
        let sentence = |error: Error| error.to_string();
        assert_eq!(
            sentence(config.get::<u32>("n").unwrap_err()),
            "key `n` of config.json: expected a whole number from 0 to 4294967295, found the number -1"
        );
        assert!(config.get::<u32>("m").is_err() && config.get::<u32>("big").is_err());
        assert_eq!(
            sentence(config.get::<String>("s").unwrap_err()),
            "key `s` of config.json: expected a string, found the number 3"
        );
        assert_eq!(
            sentence(config.get::<Vec<f64>>("list").unwrap_err()),
            "key `list` of config.json: expected a list, each value a number, found the list [1,\"two\"]"
        );
        assert_eq!(
            sentence(config.get_or("none", 1.0).unwrap_err()),
            "key `none` of config.json: expected a number, found null"
        );
        assert_eq!(
            sentence(config.get::<bool>("absent").unwrap_err()),
            "config.json lacks the key `absent`: expected true or false"
        );
        let array = Config::parse("config.json", b"[1, 2]").unwrap_err();
        assert_eq!(
            sentence(array),
            "config.json holds the list [1,2], but an object with keys and values was expected"
        );
    }

    #[test]
    fn unknown_keys_are_named_with_the_nearest_known_one() {
        let config = config(r#"{"_note": 1, "steps": 1, "learning_rat": 2, "zzz": 3}"#);
        let error = config.require_known(&["steps", "learning_rate"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "config.json has the unknown key `learning_rat`; did you mean `learning_rate`?"
        );
        let unknown = config.unknown_keys(&["steps", "learning_rate"]);
        assert_eq!(unknown[1], ("zzz", Hint::default()));
    }
}
