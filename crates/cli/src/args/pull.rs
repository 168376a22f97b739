//! `langevin pull`.

use std::path::PathBuf;

use clap::Args;
use langevin_hub::Repository;

/// Fetch a model from the Hugging Face Hub
///
/// Only the files that the model is run from are fetched: of each component its settings and one set of weights. They go
/// to the cache that Python's programs use, and `langevin sample OWNER/NAME` finds them there without the network.
/// Sizes and hashes are checked; what was interrupted is gone on from. HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN,
/// HF_HUB_OFFLINE, HTTPS_PROXY and SSL_CERT_FILE are followed.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin pull stable-diffusion-v1-5/stable-diffusion-v1-5 --without safety_checker\n  \
                  langevin sample stable-diffusion-v1-5/stable-diffusion-v1-5 --prompt \"a lighthouse at dawn\"\n\nOne \
                  file, such as a LoRA, into a folder of its own:\n  langevin pull owner/name --file \
                  pytorch_lora_weights.safetensors --to loras"
)]
pub(crate) struct Pull {
    /// The repository: owner/name, or owner/name@revision for a branch, a tag or a commit
    #[arg(value_name = "REPOSITORY", value_parser = repository)]
    pub(crate) repository: Repository,
    /// The variant of the weights, for example fp16 [default: the weights without one]
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// A component that is left out, for example safety_checker; repeatable
    #[arg(long, value_name = "COMPONENT")]
    pub(crate) without: Vec<String>,
    /// This file alone instead of a model; repeatable
    #[arg(long, value_name = "PATH", conflicts_with_all = ["variant", "without"])]
    pub(crate) file: Vec<String>,
    /// Write the files into this folder instead of the cache, over files of the same names
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: Option<PathBuf>,
}

/// A repository, or what a name of one looks like.
fn repository(text: &str) -> Result<Repository, String> {
    let with_prefix = if text.contains('/') || text.starts_with("hf:") {
        text.parse::<Repository>()
    } else {
        format!("hf:{text}").parse::<Repository>()
    };
    with_prefix.map_err(|error| error.to_string())
}
