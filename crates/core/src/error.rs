//! What can go wrong in the mathematics.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One sentence per cause, with the offending value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number outside its range.
    #[error("{name} is {found}, but must be {expected}")]
    Value {
        /// What it is called.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A name that is not in a list.
    #[error("\"{found}\" is not a {kind}: choose one of {}", names.join(", "))]
    Name {
        /// What is named.
        kind: &'static str,
        /// What was given.
        found: String,
        /// What exists.
        names: &'static [&'static str],
    },
    /// States of different shapes were combined.
    #[error("states of {0} and {1} numbers cannot be combined")]
    Shapes(usize, usize),
    /// A denoiser failed.
    #[error("{0}")]
    Denoiser(String),
}
