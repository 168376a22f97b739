//! `langevin info`.

use std::path::PathBuf;

use clap::Args;

/// Say what a model is: network, parameters, input, classes, schedule, files
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  langevin info runs/quickstart")]
pub(crate) struct Info {
    /// A run folder, a diffusers folder, one component folder, or a file that holds a model
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Weights to read where a component has them, such as fp16 [default: those without a variant]
    #[arg(long, value_name = "NAME", value_parser = crate::args::variant::variant)]
    pub(crate) variant: Option<String>,
}
