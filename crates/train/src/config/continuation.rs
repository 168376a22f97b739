//! Which parts of a configuration may change between the sittings of one run.

use super::TrainConfig;
use super::source::{Entry, Source};
use crate::{Error, Result};

/// Keys, and sections ending in a dot, that do not change what the steps done so far would have been.
const FREE: [&str; 7] = [
    "run.steps",
    "run.minutes",
    "run.checkpoint_every",
    "run.keep",
    "run.sample_every",
    "run.log_every",
    "samples.",
];

impl TrainConfig {
    /// Checks that a run started as `before` may go on as `self`: only its length and what it writes on the way may
    /// differ.
    ///
    /// # Errors
    /// [`Error::Changed`] with the first key that differs.
    pub fn check_continues(&self, before: &Self) -> Result<()> {
        let (old, new) = (before.fixed()?, self.fixed()?);
        let value = |entries: &[Entry], key: &str| {
            entries
                .iter()
                .find(|e| e.key == key)
                .map_or("not set".to_owned(), |e| e.value.to_string())
        };
        let keys = old.iter().chain(&new).map(|entry| entry.key.as_str());
        match keys.into_iter().find(|key| value(&old, key) != value(&new, key)) {
            None => Ok(()),
            Some(key) => {
                let (old, new) = (value(&old, key), value(&new, key));
                let advice = "continue with the old value, or start a new run";
                Err(Error::Changed(format!(
                    "it was started with {key} = {old}, which is now {new}; {advice}"
                )))
            }
        }
    }

    /// Everything that may not change.
    fn fixed(&self) -> Result<Vec<Entry>> {
        let mut entries = Source::parse(&self.to_toml(), &[])?.into_entries();
        entries.retain(|e| {
            !FREE
                .iter()
                .any(|free| e.key == *free || (free.ends_with('.') && e.key.starts_with(free)))
        });
        Ok(entries)
    }
}
