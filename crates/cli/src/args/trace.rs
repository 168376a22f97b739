//! `langevin trace`.

use std::path::PathBuf;

use clap::Args;
use langevin_schedulers::{Mode, RngKind};

use crate::args::number::{count, finite};

/// Run a scheduler configuration of diffusers on the exact denoiser of a Gaussian mixture
///
/// The network is the perfect one for the mixture, with the configuration's prediction type. OUT gets `trajectory`
/// [calls+1, N, d], one state after each call of the scheduler's step, `timesteps` and, where it has them, `sigmas`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin trace --scheduler scheduler/scheduler_config.json --mixture mixture.json \
                        --steps 20 --init x.safetensors --out t.safetensors\n\nA mixture is {\"weights\": [k], \
                        \"means\": [[d]…k], \"stds\": [[d]…k]}; x.safetensors holds `x` [N, d], already multiplied by \
                        the scheduler's init_noise_sigma."
)]
pub(crate) struct Trace {
    /// The configuration of a scheduler of diffusers
    #[arg(long, value_name = "scheduler_config.json")]
    pub(crate) scheduler: PathBuf,
    /// Weights, means and standard deviations of the clean data's components
    #[arg(long, value_name = "MIXTURE.json")]
    pub(crate) mixture: PathBuf,
    /// Inference steps
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: usize,
    /// The states to start from
    #[arg(long, value_name = "X.safetensors")]
    pub(crate) init: PathBuf,
    /// Where the states go
    #[arg(long, value_name = "T.safetensors")]
    pub(crate) out: PathBuf,
    /// Stochastic share of the classes that take one [default: the class's own]
    #[arg(long, value_name = "E", value_parser = finite)]
    pub(crate) eta: Option<f64>,
    /// Random numbers: philox is ours, torch is PyTorch's CPU generator for the same seed
    #[arg(long, value_name = "NAME", default_value = "philox")]
    pub(crate) rng: RngKind,
    /// Whether known bugs of diffusers are reproduced (as-diffusers) or mended (fixed)
    #[arg(long, value_name = "MODE", default_value = "as-diffusers")]
    pub(crate) mode: Mode,
}
