//! Repository chores, run as `cargo xtask NAME`.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod cargo;
mod fuzz;
mod portable;
mod sanitize;
mod tidy;
mod train_judge;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Read hostile files by the million: no panic, and no more memory than a file warrants
    Fuzz {
        /// Targets and options; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test of the workspace with kernels of plain Rust, which processors without a known instruction set run
    Portable,
    /// Run the tests of `langevin-kernels`, the one crate with `unsafe`, under AddressSanitizer; works on stable Rust
    Sanitize,
    /// Check the rules of ARCHITECTURE.md that the compiler cannot: one line per finding, exit 1 if any
    Tidy,
    /// Train the judge of digits that `langevin-eval` embeds; a few minutes on two cores
    TrainJudge {
        /// Where its weights and their hash are written [default: where they are embedded from]
        folder: Option<PathBuf>,
    },
}

fn main() -> Result<ExitCode> {
    if let Some(compiled) = sanitize::stand_in_for_the_compiler() {
        return compiled;
    }
    match Args::parse().chore {
        Chore::Fuzz { arguments } => fuzz::run(repository(), &arguments),
        Chore::Portable => portable::run(repository()),
        Chore::Sanitize => sanitize::run(repository()),
        Chore::Tidy => tidy::run(repository()),
        Chore::TrainJudge { folder } => {
            train_judge::run(folder.as_deref())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The repository's root, wherever the chore is started.
fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
