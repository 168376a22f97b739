//! A TOML document as a flat list of dotted keys, each with the place it came from, so that every complaint can name
//! its line.
//! Sections of the configuration ask for their keys by name; keys that nobody asked for are mistakes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use crate::{Error, Result};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of the document, counted from 1.
    Line(usize),
    /// An override `key=value` given beside the document.
    Override,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Override => write!(f, "given as an override"),
        }
    }
}

/// A TOML value without its position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

impl Value {
    /// The value as JSON; numbers that JSON cannot write become null.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Flag(v) => (*v).into(),
            Self::Whole(v) => (*v).into(),
            Self::Number(v) => (*v).into(),
            Self::Text(v) => v.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Table(pairs) => pairs.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(v) => write!(f, "{v}"),
            Self::Whole(v) => write!(f, "{v}"),
            Self::Number(v) if v.is_finite() && *v != 0.0 && !(1e-5..1e15).contains(&v.abs()) => {
                write!(f, "{v:e}")
            }
            Self::Number(v) => write!(f, "{v}"),
            Self::Text(v) => write!(f, "{v:?}"),
            Self::List(_) | Self::Table(_) => write!(f, "{}", self.to_json()),
        }
    }
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Dotted path, such as `optimiser.lr`.
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

impl Entry {
    /// The complaint that this value is not what `expected` says.
    pub(crate) fn refuse(&self, expected: impl Into<String>) -> Error {
        Error::BadValue {
            key: format!("{} ({})", self.key, self.place),
            found: self.value.to_string(),
            expected: expected.into(),
        }
    }
}

/// All entries of a document, and the keys that have been asked for.
#[derive(Debug)]
pub(crate) struct Source {
    entries: Vec<Entry>,
    known: BTreeSet<String>,
}

impl Source {
    /// Parses `text` and lays `overrides` (dotted key, TOML value or bare text) over it.
    pub(crate) fn parse(text: &str, overrides: &[(String, String)]) -> Result<Self> {
        let mut entries = Vec::new();
        flatten(&document(text)?, "", text, &mut entries)?;
        entries.sort_by_key(|e| match e.place {
            Place::Line(line) => line,
            Place::Override => usize::MAX,
        });
        for (key, value) in overrides {
            let entry = Entry {
                key: key.trim().to_owned(),
                value: override_value(value),
                place: Place::Override,
            };
            let inside = format!("{}.", entry.key);
            entries.retain(|e| e.key != entry.key && !e.key.starts_with(&inside));
            entries.push(entry);
        }
        Ok(Self { entries, known: BTreeSet::new() })
    }

    /// The entry of `key`, if it is written.
    pub(crate) fn entry(&mut self, key: &str) -> Option<Entry> {
        self.known.insert(key.to_owned());
        self.entries.iter().find(|e| e.key == key).cloned()
    }

    /// Every entry below `prefix.`, all of which count as asked for.
    pub(crate) fn below(&mut self, prefix: &str) -> Vec<Entry> {
        let inside = format!("{prefix}.");
        let found: Vec<Entry> =
            self.entries.iter().filter(|e| e.key.starts_with(&inside)).cloned().collect();
        self.known.extend(found.iter().map(|e| e.key.clone()));
        found
    }

    /// A number for which `valid` holds; `expected` says so in words.
    pub(crate) fn number(
        &mut self,
        key: &str,
        default: f64,
        expected: &str,
        valid: impl Fn(f64) -> bool,
    ) -> Result<f64> {
        let Some(entry) = self.entry(key) else { return Ok(default) };
        match as_number(&entry.value) {
            Some(v) if v.is_finite() && valid(v) => Ok(v),
            _ => Err(entry.refuse(expected)),
        }
    }

    /// A whole number in `range`.
    pub(crate) fn whole(
        &mut self,
        key: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64> {
        let Some(entry) = self.entry(key) else { return Ok(default) };
        as_whole(&entry.value).filter(|v| range.contains(v)).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            entry.refuse(format!("a whole number from {low} to {high}"))
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &str, default: bool) -> Result<bool> {
        let Some(entry) = self.entry(key) else { return Ok(default) };
        match entry.value {
            Value::Flag(v) => Ok(v),
            _ => Err(entry.refuse("true or false")),
        }
    }

    /// A text, if it is written; `expected` describes it.
    pub(crate) fn text(&mut self, key: &str, expected: &str) -> Result<Option<String>> {
        let Some(entry) = self.entry(key) else { return Ok(None) };
        match &entry.value {
            Value::Text(v) if !v.trim().is_empty() => Ok(Some(v.clone())),
            _ => Err(entry.refuse(expected)),
        }
    }

    /// One of the named `choices`, if it is written.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>> {
        let Some(entry) = self.entry(key) else { return Ok(None) };
        let chosen = match &entry.value {
            Value::Text(v) => choices.iter().find(|(name, _)| name == v).map(|&(_, choice)| choice),
            _ => None,
        };
        chosen.map(Some).ok_or_else(|| {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            entry.refuse(format!("one of {}", names.join(", ")))
        })
    }

    /// Fails where one of `keys` is written although it only means something beside `needed`.
    pub(crate) fn refuse_keys(&mut self, keys: &[&str], needed: &str) -> Result<()> {
        match keys.iter().find_map(|key| self.entry(key)) {
            None => Ok(()),
            Some(Entry { key, place, .. }) => {
                Err(Error::Meaning(format!("{key} ({place}) means something only with {needed}")))
            }
        }
    }

    /// Every entry.
    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Fails on the first key that nobody asked for, with the nearest one that would have been understood.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(stray) = self.entries.iter().find(|e| !self.known.contains(&e.key)) else {
            return Ok(());
        };
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        Err(unknown_key(stray, &known))
    }
}

/// A value that `core` knows by name; its complaint lists the names.
pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    source: &mut Source,
    key: &str,
    expected: &str,
) -> Result<Option<T>> {
    let Some(name) = source.text(key, expected)? else { return Ok(None) };
    match name.parse() {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let place =
                source.entry(key).map_or_else(String::new, |entry| format!(" ({})", entry.place));
            Err(Error::Meaning(format!("{key}{place}: {error}")))
        }
    }
}

/// The complaint about a key that is not among `known`.
pub(crate) fn unknown_key(stray: &Entry, known: &[&str]) -> Error {
    let hint =
        nearest(&stray.key, known).map_or_else(String::new, |k| format!("; did you mean {k}?"));
    Error::UnknownKey { key: stray.key.clone(), place: stray.place.to_string(), hint }
}

/// The whole part of a value that is a whole, non-negative number.
pub(crate) fn as_whole(value: &Value) -> Option<u64> {
    match *value {
        Value::Whole(v) => u64::try_from(v).ok(),
        // `steps = 1e5` means what it says.
        Value::Number(v) if v.fract() == 0.0 && (0.0..9.0e15).contains(&v) => Some(v as u64),
        _ => None,
    }
}

/// A number written with or without a fraction.
pub(crate) fn as_number(value: &Value) -> Option<f64> {
    match *value {
        Value::Whole(v) => Some(v as f64),
        Value::Number(v) => Some(v),
        _ => None,
    }
}

/// The candidate most like `key`: one with the same last part wins, then the most similar spelling.
fn nearest<'a>(key: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let last = |k: &str| k.rsplit('.').next().unwrap_or_default().to_owned();
    let mut same = candidates.iter().filter(|c| last(c) == last(key));
    if let (Some(only), None) = (same.next(), same.next()) {
        return Some(only);
    }
    let score = |c: &str| strsim::jaro_winkler(key, c);
    candidates
        .iter()
        .copied()
        .max_by(|a, b| score(a).total_cmp(&score(b)))
        .filter(|c| score(c) > 0.75)
}

fn document(text: &str) -> Result<DeTable<'_>> {
    DeTable::parse(text).map(|table| table.into_inner()).map_err(|e| Error::Syntax {
        line: line_of(text, &e.span().unwrap_or_default()),
        message: e.message().to_owned(),
    })
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|&b| b == b'\n').count()
}

/// An override is TOML where it can be read as TOML (`1e-3`, `[0.9, 0.99]`, `true`) and a plain text elsewhere.
fn override_value(text: &str) -> Value {
    let line = format!("value = {text}");
    let parsed = document(&line).ok().filter(|table| table.len() == 1).and_then(|table| {
        let (_, value) = table.into_iter().next()?;
        plain(value.get_ref())
    });
    parsed.unwrap_or_else(|| Value::Text(text.trim().to_owned()))
}

fn flatten(table: &DeTable<'_>, prefix: &str, text: &str, entries: &mut Vec<Entry>) -> Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(inner, &key, text, entries)?;
        } else {
            let line = line_of(text, &name.span());
            let value = plain(value.get_ref()).ok_or_else(|| Error::BadValue {
                key: format!("{key} (line {line})"),
                found: format!("a {}", value.get_ref().type_str()),
                expected: "a text, a number, true, false or a list of them".to_owned(),
            })?;
            entries.push(Entry { key, value, place: Place::Line(line) });
        }
    }
    Ok(())
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(v) => Value::Text(v.to_string()),
        DeValue::Integer(v) => match i64::from_str_radix(v.as_str(), v.radix()) {
            Ok(whole) => Value::Whole(whole),
            // Too large for 64 bits, and so for every key; the range check will say so.
            Err(_) => Value::Number(v.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(v) => Value::Number(v.as_str().parse().ok()?),
        DeValue::Boolean(v) => Value::Flag(*v),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|i| plain(i.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Table(pairs) => Value::Table(
            pairs
                .iter()
                .map(|(k, v)| Some((k.get_ref().to_string(), plain(v.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
        DeValue::Datetime(_) => return None,
    })
}
