//! A value for all levels of a U-Net, or one for each, as configurations write it.

use serde::{Deserialize, Serialize};

/// One value, or a list with one for each level, the largest picture first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "one value or a list of one for each block")]
pub enum PerLevel<T> {
    /// The same everywhere.
    All(T),
    /// One for each level.
    Each(Vec<T>),
}

impl<T: Copy> PerLevel<T> {
    /// The value of each of `levels` levels, or `None` where a list has another length.
    pub fn levels(&self, levels: usize) -> Option<Vec<T>> {
        match self {
            Self::All(value) => Some(vec![*value; levels]),
            Self::Each(values) => (values.len() == levels).then(|| values.clone()),
        }
    }
}
