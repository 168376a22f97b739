//! `cargo xtask fuzz`: the runner of hostile files, `crates/hostile/examples/fuzz.rs`, built with optimisations.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, exit};

/// Passes everything on.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<ExitCode> {
    let package = ["run", "--release", "-p", "langevin-hostile", "--example", "fuzz", "--"];
    Ok(exit(cargo(root, &package).args(arguments).status()?))
}
