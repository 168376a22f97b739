//! What can go wrong in a lab.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One sentence per cause, with the offending value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not a lab.
    #[error("\"{found}\" is not a lab: choose one of {}", names.join(", "))]
    Name {
        /// What was given.
        found: String,
        /// What exists.
        names: Vec<&'static str>,
    },
    /// The mathematics refused something.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A picture could not be drawn.
    #[error("cannot draw \"{title}\": {reason}")]
    Draw {
        /// Which picture.
        title: String,
        /// Why.
        reason: String,
    },
}
