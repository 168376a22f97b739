//! What can go wrong, one sentence each.

use std::path::PathBuf;

use crate::Side;

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row that does not exist.
    #[error("{0} is no row of the bench")]
    UnknownRow(String),
    /// The peer's interpreter cannot be started.
    #[error("the Python interpreter {} cannot be started", program.display())]
    Interpreter {
        /// What was to be started.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A module of the peer's interpreter is missing.
    #[error("the Python interpreter {} has no module {module}", program.display())]
    Module {
        /// The interpreter.
        program: PathBuf,
        /// The module.
        module: String,
    },
    /// A worker said what stopped it.
    #[error("{side} could not do {row}: {reason}")]
    Failed {
        /// Who.
        side: Side,
        /// What.
        row: String,
        /// Why.
        reason: String,
    },
    /// A worker that ended or answered out of turn.
    #[error("the {side} worker for {row} {what}")]
    Worker {
        /// Who.
        side: Side,
        /// What it was doing.
        row: String,
        /// What it did.
        what: String,
    },
    /// Two networks that should be one.
    #[error(
        "{row} compares different networks: {ours} parameters here and {peer} at the peer's side"
    )]
    Different {
        /// The row.
        row: String,
        /// Parameters on our side.
        ours: usize,
        /// Parameters on the peer's.
        peer: usize,
    },
    /// The observer asked to stop.
    #[error("stopped after {done} of {rows} rows")]
    Interrupted {
        /// Rows measured.
        done: usize,
        /// Rows asked for.
        rows: usize,
    },
    /// A pipe or a temporary file failed.
    #[error("a process of the bench cannot be talked to")]
    Io(#[from] std::io::Error),
    /// A row's numbers.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
    /// A row's network.
    #[error(transparent)]
    Network(#[from] langevin_nn::Error),
    /// A row's data.
    #[error(transparent)]
    Data(#[from] langevin_data::Error),
    /// A row's model.
    #[error(transparent)]
    Model(#[from] langevin_models::Error),
    /// A row's training.
    #[error(transparent)]
    Train(#[from] langevin_train::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
