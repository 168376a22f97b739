//! What can go wrong between a scheduler configuration and the last state.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One sentence per cause, with the offending value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A class that is known, but not run.
    #[error("the scheduler class {class} is not run: {reason}")]
    NotRun {
        /// The class.
        class: String,
        /// Why.
        reason: &'static str,
    },
    /// A class that nobody knows.
    #[error("\"{class}\" is not a scheduler class{}", did_you_mean(*.nearest))]
    UnknownClass {
        /// What was asked for.
        class: String,
        /// The nearest name that exists.
        nearest: Option<&'static str>,
    },
    /// The configuration names no class.
    #[error(
        "the scheduler configuration lacks the key `_class_name`, so nobody knows what it is for"
    )]
    NoClass,
    /// A value that the class cannot take.
    #[error("`{key}` of {class} is {found}, but must be {expected}")]
    Value {
        /// The class.
        class: String,
        /// The key.
        key: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// Settings that contradict each other, or fail at this number of steps.
    #[error("{class} cannot run this: {reason}")]
    Impossible {
        /// The class.
        class: String,
        /// What is wrong, as a clause.
        reason: String,
    },
    /// A number outside its range, apart from the configuration.
    #[error("{name} is {found}, but must be {expected}")]
    Number {
        /// What it is called.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// A tensor of another shape or type than was expected.
    #[error("the tensor `{name}` of {path} has shape {found:?}, but must have {expected}")]
    Shape {
        /// The tensor.
        name: &'static str,
        /// Its file.
        path: String,
        /// What was found.
        found: Vec<usize>,
        /// What is allowed.
        expected: String,
    },
    /// A description of a mixture that is none.
    #[error("{path} describes no mixture: {reason}")]
    Mixture {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Reading or writing failed, or a value has the wrong type.
    #[error(transparent)]
    Weights(#[from] langevin_weights::Error),
    /// The observer of a run ended it.
    #[error("the run was stopped by its observer")]
    Stopped,
    /// The network failed.
    #[error("{0}")]
    Network(String),
    /// The mathematics failed.
    #[error(transparent)]
    Core(#[from] langevin_core::Error),
}

fn did_you_mean(nearest: Option<&'static str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Error;

    /// The command line's parser hands errors from thread to thread.
    #[test]
    fn errors_may_cross_threads() {
        fn crosses<T: std::error::Error + Send + Sync + 'static>() {}
        crosses::<Error>();
    }
}
