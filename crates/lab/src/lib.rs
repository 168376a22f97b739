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
mod langevin;
mod picture;
mod sde;
mod statistics;
mod table;

pub use bench::{Bench, Outcome};
pub use check::Check;
pub use error::{Error, Result};
pub use lab::Lab;
pub use table::Table;
