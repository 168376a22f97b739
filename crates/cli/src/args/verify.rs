//! `langevin verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::number::positive;

/// Run a network on recorded inputs and compare with the recorded output
///
/// The golden file holds tensors named after the network's inputs (sample, timestep, class_labels) and `output`.
/// The error is max|ours - output| / max(1, max|output|); beyond the tolerance the exit code is 1.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin verify runs/quickstart/model --golden golden.safetensors --tolerance 1e-4"
)]
pub(crate) struct Verify {
    /// A diffusers folder, a run folder, one component folder (config.json and weights), or a file that holds a model
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Weights to read where a component has them, such as fp16 [default: those without a variant]
    #[arg(long, value_name = "NAME", value_parser = crate::args::variant::variant)]
    pub(crate) variant: Option<String>,
    /// Recorded inputs and output
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) golden: PathBuf,
    /// Largest error that passes
    #[arg(long, value_name = "E", default_value = "1e-4", value_parser = positive)]
    pub(crate) tolerance: f64,
}
