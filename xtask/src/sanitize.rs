//! `cargo xtask sanitize`: runs the tests of `langevin-kernels`, the one crate with `unsafe`, under AddressSanitizer.
//!
//! The sanitizer's run-time library ships with stable Rust, but the compiler flag that asks for it does not, so the flag
//! and the permission to use it (`RUSTC_BOOTSTRAP`) go to the compilations of this one crate: cargo runs this program in
//! place of the compiler (`RUSTC_WORKSPACE_WRAPPER`), and it passes everything on. Dependencies are neither instrumented
//! nor built again. The tests' own assertions hold too, with Rust's checks of overflow and of the conditions of unsafe
//! functions of the standard library added.
//!
//! What it sees: reads and writes beyond any allocation, after its end, or beyond a variable on the stack, on the
//! instruction sets that this processor has, on plain Rust, and on plain Rust in the shapes of AVX-512 and NEON. The
//! feature `exact-scratch` ends each buffer of working memory with its allocation and fills it with NaN. What it does
//! not see: overlap of two references, data races, reads of memory that was never written elsewhere than in working
//! memory, and access that strays into another live allocation or within the same one. Miri would see the first two,
//! but needs a nightly compiler and knows few vector instructions.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::cargo::{cargo, exit};

/// The crate under test, as the compiler is told its name.
const CRATE: &str = "langevin_kernels";

/// Set in the compilations that this program stands in for.
const MARK: &str = "LANGEVIN_SANITIZE";

/// Builds and runs the tests of the crate in the workspace `root`.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        bail!("AddressSanitizer ships with Rust for Linux on x86-64 only");
    }
    let package = ["test", "--release", "-p", "langevin-kernels", "--lib"];
    let status = cargo(root, &package)
        .args(["--features", "exact-scratch"])
        .env("RUSTC_WORKSPACE_WRAPPER", std::env::current_exe()?)
        .env(MARK, "1")
        // Threads and their stores live as long as the process; that they are not freed is no finding.
        .env("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=1")
        .status()?;
    Ok(exit(status))
}

/// Where cargo started this program in place of the compiler: compiles, and says with what exit code.
pub(crate) fn stand_in_for_the_compiler() -> Option<Result<ExitCode>> {
    std::env::var_os(MARK)?;
    let mut arguments = std::env::args_os().skip(1);
    let mut compiler = Command::new(arguments.next()?);
    let arguments: Vec<_> = arguments.collect();
    let ours = arguments.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == CRATE);
    compiler.args(&arguments);
    if ours {
        compiler
            .args(["-Zsanitizer=address", "-Cdebug-assertions=on", "-Coverflow-checks=on"])
            .args(["-Cdebuginfo=line-tables-only", "-Cstrip=none"])
            .env("RUSTC_BOOTSTRAP", "1");
    }
    Some(compiler.status().map(exit).map_err(Into::into))
}
