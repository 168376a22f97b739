//! The `langevin` command: arguments become a checked configuration, a library does the work, and the outcome becomes
//! text or JSON, pictures and an exit code.

mod args;
mod context;
mod date;
mod draw;
mod failure;
mod gallery;
mod interrupt;
mod kept;
mod machine;
mod output;
mod pictures;
mod progress;
mod reference;
mod report;
mod settings;
mod subject;
mod training;
mod verb;
mod words;

use std::panic::catch_unwind;
use std::process::ExitCode;

use langevin_kernels::{Allocator, keep_pages};
use mimalloc::MiMalloc;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Each training step frees and asks for the same large buffers; mimalloc keeps their pages, where the system's allocator
/// gives them back and faults them in again. Those of huge buffers are given back.
#[global_allocator]
static ALLOCATOR: Allocator<MiMalloc> = Allocator::new(MiMalloc);

/// How long freed pages are kept: longer than a step of the largest networks takes.
const KEPT: u32 = 60_000;

fn main() -> ExitCode {
    keep_pages(KEPT);
    failure::report_bugs_as_sentences();
    let exit = match catch_unwind(run) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => failure.print(),
        // The sentence is out already.
        Err(_) => Exit::Failed,
    };
    exit.into()
}

fn run() -> Result<Exit, Failure> {
    let cli = args::parse()?;
    let context = Context::new(&cli.global)?;
    let outcome = verb::run(&cli.verb, &context)?;
    output::print(&outcome, context.format)?;
    Ok(outcome.exit)
}
