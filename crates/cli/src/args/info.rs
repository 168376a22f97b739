//! `langevin info`.

use std::path::PathBuf;

use clap::Args;

/// Say what a model is: network, parameters, input, classes, schedule, files
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  langevin info runs/quickstart")]
pub(crate) struct Info {
    /// A run folder, a diffusers folder, or one component folder
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
}
