//! `langevin lab`.

use std::path::PathBuf;

use clap::Args;

/// Compute one of the classical systems behind diffusion, picture it, and check it against its closed form
///
/// Pictures, animations and tables are written to the folder; the exit code is 1 if a check fails.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin lab langevin --out lab\n\nWhat there is:\n  langevin lab --list"
)]
pub(crate) struct Lab {
    /// Which; --list names them
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub(crate) name: Option<String>,
    /// List the labs with the systems that they cover
    #[arg(long)]
    pub(crate) list: bool,
    /// Folder for pictures, animations and tables
    #[arg(long, value_name = "FOLDER", default_value = "lab")]
    pub(crate) out: PathBuf,
}
