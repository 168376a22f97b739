//! `langevin convert`.

use std::path::PathBuf;

use clap::Args;
use langevin_weights::convert::Precision;

use crate::args::number::bytes;

/// Write a model anew: as a folder or one file, in another precision, in shards
///
/// Weights are read from safetensors or PyTorch's files and written as safetensors; a folder's other files are copied
/// as they are. OUT appears as a whole, or not at all.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin convert ./stable-diffusion ./stable-diffusion-f16 --dtype f16 --variant fp16\n\n\
                        One file of PyTorch's as a folder, and a folder as one file:\n  langevin convert model.ckpt \
                        ./folder\n  langevin convert ./folder model.safetensors"
)]
pub(crate) struct Convert {
    /// A diffusers folder, a run folder, one component folder, or a file of weights
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// A folder, or FILE.safetensors; it must not exist, or be an empty folder
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Precision of the weights: f32, f16 or bf16, rounded to the nearest [default: as they are]
    #[arg(long, value_name = "NAME")]
    pub(crate) dtype: Option<Precision>,
    /// Most bytes of weights in one file of a folder, such as 5GB or 500MB [default: all in one]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) shard_size: Option<u64>,
    /// The variant to read where a component has it, and the name of what is written, such as fp16
    #[arg(long, value_name = "NAME", value_parser = crate::args::variant::variant)]
    pub(crate) variant: Option<String>,
    /// Where the tokenizers of a model in one file are, for a folder: a folder that holds them, or one itself [default:
    /// the folders tokenizer, tokenizer_2, … beside IN]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tokenizer: Option<PathBuf>,
}
