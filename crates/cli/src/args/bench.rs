//! `langevin bench`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use langevin_bench::Group;

use crate::args::number::count;

/// Measure this machine: training steps, sampling and single operations
///
/// With --peer the same work is done in turns with PyTorch, A B A B, each side in a process of its own with the same
/// number of threads; the ratio is PyTorch's median time divided by ours, so above 1 we are faster.
/// Names of rows, --pairs and what is compared exactly: docs/benchmarks.md.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin bench ops --only conv3x3          one kind of operation, here alone\n\n\
                  Everything in turns with PyTorch, as a page:\n  langevin bench --peer --python venv/bin/python \
                  --threads 2 --out benchmarks.md"
)]
pub(crate) struct Bench {
    /// One kind of work [default: all]
    #[arg(value_name = "train|sample|ops", hide_possible_values = true)]
    pub(crate) group: Option<Kind>,
    /// Also let PyTorch do the same, in turns with us; needs Python with torch and diffusers
    #[arg(long)]
    pub(crate) peer: bool,
    /// The Python interpreter of --peer
    #[arg(long, value_name = "PATH", default_value = "python3", requires = "peer")]
    pub(crate) python: PathBuf,
    /// Also measure PyTorch's compiled networks (torch.compile), which takes minutes
    #[arg(long, requires = "peer")]
    pub(crate) compile: bool,
    /// Runs of each side that count, in turns; at least 5 with --peer, best odd
    #[arg(long, value_name = "N", default_value = "5", value_parser = count)]
    pub(crate) pairs: usize,
    /// Only rows whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Also write the tables as Markdown; in a file with the two marker lines, only what is between them is replaced
    #[arg(long, value_name = "FILE.md")]
    pub(crate) out: Option<PathBuf>,
    /// Serve as the worker for one row: the other end of the bench's own protocol
    #[arg(long, value_name = "ROW", hide = true)]
    pub(crate) worker: Option<String>,
}

/// [`Group`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    /// Training steps.
    Train,
    /// Sampling runs.
    Sample,
    /// Operations.
    Ops,
}

impl From<Kind> for Group {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Train => Self::Train,
            Kind::Sample => Self::Sample,
            Kind::Ops => Self::Ops,
        }
    }
}
