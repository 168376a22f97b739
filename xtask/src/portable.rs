//! `cargo xtask portable`: runs every test that computes with kernels on kernels of plain Rust.
//!
//! Kernels choose an instruction set at run time, so a test run proves only what its own processor chose. The feature
//! `portable` of `langevin-kernels` makes plain Rust the choice where nothing else is chosen; only the crates above the
//! kernels are built again for it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, exit};

/// Crates that no kernel is part of: the same binaries would do the same again.
const WITHOUT_KERNELS: [&str; 5] =
    ["langevin-core", "langevin-schedulers", "langevin-weights", "langevin-lab", "langevin-hub"];

/// Tests the workspace in `root`, then puts the native binaries back in their place.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let test = ["test", "--release", "--workspace", "--features", "langevin-kernels/portable"];
    let beside = WITHOUT_KERNELS.iter().flat_map(|name| ["--exclude", *name]);
    let tested = cargo(root, &test).args(beside).status()?;
    // `target/release/langevin` is now the portable one; the native one is still built and only has to be linked.
    let restored = cargo(root, &["build", "--release", "--workspace", "--bins"]).status()?;
    Ok(if tested.success() { exit(restored) } else { exit(tested) })
}
