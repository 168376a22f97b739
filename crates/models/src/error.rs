//! What can go wrong between a folder on disk and a sample.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One sentence per cause, with the offending value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The mathematics refused.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
    /// The network refused.
    #[error(transparent)]
    Network(#[from] langevin_nn::Error),
    /// A file refused.
    #[error(transparent)]
    Weights(#[from] langevin_weights::Error),
    /// A scheduler configuration cannot be run.
    #[error(transparent)]
    Schedulers(#[from] langevin_schedulers::Error),
    /// A component's configuration does not fit what this crate runs.
    #[error("{path}: {reason}", path = path.display())]
    Component {
        /// The folder or file.
        path: PathBuf,
        /// One sentence.
        reason: String,
    },
    /// A scheduler configuration that is not understood.
    #[error("the scheduler configuration has {key} = {found}, but {expected}")]
    Scheduler {
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
    },
    /// A class label beyond the model's classes.
    #[error("class {class} does not exist: the model knows classes 0 to {last}")]
    Class {
        /// The label asked for.
        class: u32,
        /// The highest label there is.
        last: u32,
    },
    /// A class was asked of a model without classes.
    #[error("class {class} was asked for, but this model was not trained with classes")]
    NoClasses {
        /// The label asked for.
        class: u32,
    },
    /// A class-conditional model without a null class was asked for no class.
    #[error("this model needs a class for each image: choose from 0 to {last}")]
    ClassNeeded {
        /// The highest label there is.
        last: u32,
    },
    /// Guidance needs an unconditional prediction that the model does not have.
    #[error(
        "guidance {guidance} needs a model with classes and a class to guide towards; use guidance 1 (none) here"
    )]
    Guidance {
        /// The guidance asked for.
        guidance: f64,
    },
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
    /// A tensor of another shape than the model's.
    #[error("{name} has shape {found:?}, but the model needs {expected:?}")]
    Shape {
        /// Which tensor.
        name: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape needed.
        expected: Vec<usize>,
    },
    /// The network gave a number that is not finite.
    #[error(
        "image {image} is not finite: the model's weights may be damaged, or the guidance too strong"
    )]
    NotFinite {
        /// Index of the first such image.
        image: usize,
    },
    /// A tensor could not be read back.
    #[error("a tensor could not be read: {0}")]
    Tensor(String),
    /// The observer asked to stop.
    #[error("sampling was interrupted after {done} of {total} images")]
    Interrupted {
        /// Images finished.
        done: usize,
        /// Images asked for.
        total: usize,
    },
}
