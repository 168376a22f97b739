//! A scheduler configuration as it was read: every value asked for by name and kind, defaults given by the class.

use std::path::Path;

use langevin_weights::FromJson;

use crate::{Error, Result};

/// A `scheduler_config.json`: a class and its settings.
///
/// Keys that the class does not know are kept, as diffusers keeps them, and named by
/// [`warnings`](Self::warnings).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    file: langevin_weights::Config,
    class: String,
}

impl Config {
    /// Reads a file of at most 1 MiB.
    ///
    /// # Errors
    /// Where it cannot be read, is no JSON object or names no class.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(langevin_weights::Config::read(path)?)
    }

    /// Parses the text of such a file.
    ///
    /// # Errors
    /// Where it is no JSON object or names no class.
    pub fn parse(text: &str) -> Result<Self> {
        Self::new(langevin_weights::Config::parse("scheduler_config.json", text.as_bytes())?)
    }

    /// The configuration in a file that has been read.
    ///
    /// # Errors
    /// Where it names no class.
    pub fn new(file: langevin_weights::Config) -> Result<Self> {
        let class = file.class_name().ok_or(Error::NoClass)?.to_owned();
        Ok(Self { file, class })
    }

    /// The same settings for another class, as `from_config` of diffusers takes them: keys that it does not know are
    /// ignored, those that are missing take its own defaults.
    #[must_use]
    pub fn for_class(self, class: &str) -> Self {
        Self { class: class.to_owned(), ..self }
    }

    /// The same settings but for one key, where the class knows it.
    #[must_use]
    pub fn with(self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        if !crate::class::keys(&self.class).contains(&key) {
            return self;
        }
        Self { file: self.file.with(key, value), ..self }
    }

    /// The scheduler class.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// One sentence for each key that the class does not know.
    pub fn warnings(&self) -> Vec<String> {
        let known = crate::class::keys(&self.class);
        let sentence = |(key, hint): (&str, langevin_weights::Hint)| {
            let nearest =
                hint.name().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            format!("{} does not know the key `{key}`, which has no effect{nearest}", self.class)
        };
        self.file.unknown_keys(&known).into_iter().map(sentence).collect()
    }

    /// The value of a key, or `default` where the key is absent.
    pub(crate) fn get<T: FromJson>(&self, key: &str, default: T) -> Result<T> {
        Ok(self.file.get_or(key, default)?)
    }

    /// The value of a key; `None` where it is absent or null.
    pub(crate) fn optional<T: FromJson>(&self, key: &str) -> Result<Option<T>> {
        Ok(self.file.optional(key)?)
    }

    /// A switch; null counts as off, as Python has it.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        Ok(self.file.get_or(key, Some(default))?.unwrap_or(false))
    }

    /// One of several names, as the value that stands beside it.
    pub(crate) fn choice<T: Copy>(
        &self,
        key: &'static str,
        default: &str,
        choices: &[(&str, T)],
    ) -> Result<T> {
        let name = self.get(key, default.to_owned())?;
        choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| *value).ok_or_else(
            || {
                let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                self.refuse(key, format!("\"{name}\""), format!("one of {}", names.join(", ")))
            },
        )
    }

    /// The error about a value that this class cannot take.
    pub(crate) fn refuse(
        &self,
        key: &'static str,
        found: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Error {
        Error::Value {
            class: self.class.clone(),
            key,
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    /// The error about settings that cannot run together or at this number of steps.
    pub(crate) fn impossible(&self, reason: impl Into<String>) -> Error {
        Error::Impossible { class: self.class.clone(), reason: reason.into() }
    }
}
