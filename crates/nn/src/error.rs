//! What can go wrong when a network is configured, built, loaded or fed: one sentence per case.

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration holds a value that no network of this class can have.
    #[error("the configuration key `{key}` is {value}, but {expected} was expected")]
    Config {
        /// The key in `config.json`.
        key: String,
        /// Its value, as JSON.
        value: String,
        /// What would have been right.
        expected: String,
    },
    /// A configuration is not a JSON object of the expected form.
    #[error("the network configuration cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A configuration names a network that does not exist here.
    #[error("the network class is {found}, but one of {expected} was expected in `_class_name`")]
    Class {
        /// The value of `_class_name`, as JSON.
        found: String,
        /// The classes that exist.
        expected: String,
    },
    /// A parameter is not in the file.
    #[error("the tensor `{name}` of shape {expected:?} is missing")]
    Missing {
        /// Name in the state dictionary.
        name: String,
        /// Shape that the network needs.
        expected: Vec<usize>,
    },
    /// A parameter has another shape than the network's.
    #[error("the tensor `{name}` has shape {found:?}, but this network needs shape {expected:?}")]
    Shape {
        /// Name in the state dictionary.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the network needs.
        expected: Vec<usize>,
    },
    /// A parameter came with too many or too few numbers.
    #[error("the tensor `{name}` came with {found} numbers, but its shape {expected:?} needs {}", expected.iter().product::<usize>())]
    Length {
        /// Name in the state dictionary.
        name: String,
        /// Numbers given.
        found: usize,
        /// Shape that the network needs.
        expected: Vec<usize>,
    },
    /// The caller's source of parameters failed.
    #[error("the tensor `{name}` cannot be read: {source}")]
    Source {
        /// Name in the state dictionary.
        name: String,
        /// What the source said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An input of the forward pass does not fit the network.
    #[error("the input `{name}` is {found}, but {expected} was expected")]
    Input {
        /// The input: `sample`, `timestep` or `class_labels`.
        name: &'static str,
        /// What was given.
        found: String,
        /// What would have been right.
        expected: String,
    },
}

impl Error {
    /// A configuration error about `key` holding `value`.
    pub(crate) fn config(
        key: &str,
        value: &impl serde::Serialize,
        expected: impl Into<String>,
    ) -> Self {
        let value = serde_json::to_string(value).unwrap_or_else(|e| format!("unprintable ({e})"));
        Self::Config { key: key.to_owned(), value, expected: expected.into() }
    }

    /// Wraps an error of a parameter source, so that it names the tensor.
    pub fn source(name: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Source { name: name.to_owned(), source: source.into() }
    }
}
