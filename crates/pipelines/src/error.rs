//! What can go wrong between a folder of networks and a picture.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One sentence per cause, with the offending value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A component's class is not run.
    #[error("{path}: the class {class} is not run; those that are: {known}", path = path.display())]
    Class {
        /// The component's folder.
        path: PathBuf,
        /// What its configuration names.
        class: String,
        /// The classes that are run.
        known: String,
    },
    /// A component's configuration or weights do not fit its class.
    #[error("{path}: {reason}", path = path.display())]
    Component {
        /// The component's folder.
        path: PathBuf,
        /// One sentence.
        reason: String,
    },
    /// What was to be added to a pipeline does not go with it.
    #[error("{path}: {reason}", path = path.display())]
    Addition {
        /// The file.
        path: PathBuf,
        /// One sentence.
        reason: String,
    },
    /// A recording does not fit the network.
    #[error("{path}: {reason}", path = path.display())]
    Golden {
        /// The recording.
        path: PathBuf,
        /// One sentence.
        reason: String,
    },
    /// A network refused its inputs.
    #[error(transparent)]
    Network(#[from] langevin_nn::Error),
    /// A component's configuration or weights refused.
    #[error(transparent)]
    Models(#[from] langevin_models::Error),
    /// A file refused.
    #[error(transparent)]
    Weights(#[from] langevin_weights::Error),
    /// A scheduler configuration cannot be run.
    #[error(transparent)]
    Schedulers(#[from] langevin_schedulers::Error),
    /// The mathematics refused.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
    /// A number outside its range.
    #[error("{name} is {found}, but must be {expected}")]
    Value {
        /// What it is called.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// The observer asked to stop.
    #[error("sampling was interrupted after {done} of {total} pictures")]
    Interrupted {
        /// Pictures finished.
        done: usize,
        /// Pictures asked for.
        total: usize,
    },
    /// A network gave a number that is not finite.
    #[error("picture {picture} is not finite: weights may be damaged, or the guidance too strong")]
    NotFinite {
        /// Index of the first such picture.
        picture: usize,
    },
    /// A tensor could not be read back.
    #[error("a tensor could not be read: {0}")]
    Tensor(String),
}
