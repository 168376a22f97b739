//! `langevin likelihood`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::number::count;

/// Say how probable pictures are under a model, in bits per dimension
///
/// Both methods give upper bounds of -log2 P(picture) over its numbers, for pictures of 256 values per number; where the
/// pictures have classes and the model knows classes, P is that given the class. Picture i draws its random numbers from
/// seed + i.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin likelihood runs/quickstart --data digits:test --count 100\n\nThe density along the \
                        probability flow of a few pictures:\n  langevin likelihood runs/quickstart --data digits:test \
                        --count 4 --method flow"
)]
pub(crate) struct Likelihood {
    /// A run folder or a diffusers folder
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The pictures: digits or digits:test (the embedded ones), an IDX file, a folder or a tar of pictures
    #[arg(long, value_name = "DATA")]
    pub(crate) data: String,
    /// elbo bounds by the noise the model fails to see; flow follows the probability-flow ODE
    #[arg(long, value_name = "NAME", default_value = "elbo")]
    pub(crate) method: Method,
    /// How many pictures, spread over the data [default: 256 with elbo, 16 with flow]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) count: Option<usize>,
    /// elbo: noise levels that each picture is looked at
    #[arg(long, value_name = "N", value_parser = count, default_value = "64")]
    pub(crate) draws: usize,
    /// flow: steps of the ODE's solver, four evaluations each
    #[arg(long, value_name = "N", value_parser = count, default_value = "25")]
    pub(crate) steps: usize,
    /// flow: random vectors of the estimated trace
    #[arg(long, value_name = "N", value_parser = count, default_value = "1")]
    pub(crate) probes: usize,
    /// Leave the classes of the pictures aside, where the model can do without
    #[arg(long)]
    pub(crate) unconditional: bool,
}

/// How the likelihood is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    Elbo,
    Flow,
}
