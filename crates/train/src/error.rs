//! Everything that can go wrong in training, one sentence each.

use std::path::{Path, PathBuf};

/// Why a configuration was refused or a run could not start, go on or be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is not TOML.
    #[error("line {line} of the configuration is not valid TOML: {message}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What the parser met.
        message: String,
    },
    /// A key that means nothing.
    #[error("{key} ({place}) is not a key of the configuration{hint}")]
    UnknownKey {
        /// Dotted path of the key.
        key: String,
        /// Its line, or that it was an override.
        place: String,
        /// The nearest key, or nothing.
        hint: String,
    },
    /// A value outside what its key allows.
    #[error("{key} is {found}, but must be {expected}")]
    BadValue {
        /// Dotted path and place.
        key: String,
        /// The value.
        found: String,
        /// What is allowed, in words.
        expected: String,
    },
    /// Two keys that contradict each other, a key that means nothing here, or a name that does not exist.
    #[error("{0}")]
    Meaning(String),
    /// A key without a default is not written.
    #[error("{key} is missing; it must be {expected}")]
    Missing {
        /// Dotted path of the key.
        key: &'static str,
        /// What is allowed, in words.
        expected: &'static str,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A new run would overwrite something.
    #[error("{} already exists and is not empty; resume that run, or choose another folder", .0.display())]
    FolderExists(PathBuf),
    /// The folder to resume is not a run folder.
    #[error("{} is not a run folder: it has no run.json", .0.display())]
    NotARun(PathBuf),
    /// The run folder cannot be read by this version.
    #[error("{} has the run-folder format {found}, but this version of Langevin reads format {expected}", path.display())]
    OtherVersion {
        /// The run folder.
        path: PathBuf,
        /// The format number found.
        found: String,
        /// The format number understood.
        expected: u64,
    },
    /// A file of the run folder does not hold what it should.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process trains in the folder.
    #[error("{} is in use by another training process", .0.display())]
    InUse(PathBuf),
    /// A checkpoint, or the model folder beside it, could not be written.
    #[error("{} could not be written: {source}; {kept}", path.display())]
    NotSaved {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        source: Box<Self>,
        /// Which checkpoint remains.
        kept: String,
    },
    /// Every checkpoint of the run is damaged.
    #[error("none of the {count} checkpoints in {} can be read; the newest fails because {reason}", path.display())]
    NoUsableCheckpoint {
        /// The folder of the checkpoints.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// What is wrong with the newest.
        reason: String,
    },
    /// The configuration or the data changed between a run and its continuation.
    #[error("the run cannot continue: {0}")]
    Changed(String),
    /// The loss or the gradient stopped being a finite number.
    #[error(
        "the {what} became {value} at step {step} (loss {loss}, learning rate {lr:e}); {kept}; {advice}"
    )]
    Diverged {
        /// "loss" or "gradient norm".
        what: &'static str,
        /// The value that is not finite.
        value: f64,
        /// The step, counted from 1.
        step: u64,
        /// The loss of the step.
        loss: f64,
        /// The learning rate of the step.
        lr: f64,
        /// Which checkpoint remains.
        kept: String,
        /// What to try.
        advice: &'static str,
    },
    /// An error of the schedule, grid or solver.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
    /// An error of the data set.
    #[error(transparent)]
    Dataset(#[from] langevin_data::Error),
    /// An error of a network.
    #[error(transparent)]
    Network(#[from] langevin_nn::Error),
    /// An error of a model or of sampling it.
    #[error(transparent)]
    Model(#[from] langevin_models::Error),
    /// An error of a weight file.
    #[error(transparent)]
    Weights(#[from] langevin_weights::Error),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps a system error for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// A damaged file.
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }
}
