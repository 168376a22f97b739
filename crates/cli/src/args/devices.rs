//! `langevin devices`.

use clap::Args;

/// Say what can compute here: processor, instruction sets, threads, backends of this build
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  langevin devices --json")]
pub(crate) struct Devices {}
