//! The classical systems behind diffusion models, computed exactly: each lab draws its picture, writes its table and checks
//! itself against a closed form.
//!
//! ```no_run
//! use std::path::Path;
//!
//! let outcome = langevin_lab::Lab::named("langevin")?.run(0, Path::new("lab"))?;
//! assert!(outcome.passed());
//! # Ok::<(), langevin_lab::Error>(())
//! ```

mod bench;
mod check;
mod error;
mod lab;
mod labs;
mod picture;
mod statistics;
mod table;

pub use bench::{Bench, Outcome};
pub use check::Check;
pub use error::{Error, Result};
pub use lab::Lab;
pub use table::Table;

/// The programs on the pages of the documentation, compiled and run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/lab/process.md")]
    struct Process;
    #[doc = include_str!("../../../docs/lab/solvers.md")]
    struct Solvers;
    #[doc = include_str!("../../../docs/lab/langevin.md")]
    struct Langevin;
    #[doc = include_str!("../../../docs/lab/sde.md")]
    struct Sde;
    #[doc = include_str!("../../../docs/lab/likelihood.md")]
    struct Likelihood;
}
