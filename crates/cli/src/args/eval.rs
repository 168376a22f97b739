//! `langevin eval`.

use std::path::PathBuf;

use clap::Args;

use crate::args::number::{count, finite, interval};

/// Judge the samples of a model, or a folder of pictures
///
/// Every number stands beside its floor: what real test pictures score against the training pictures.
/// In a folder of pictures, sub-folders named class-3 or 3 say which class was asked for.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin eval runs/quickstart --reference digits --count 1000\n\nA folder of \
                        pictures, judged for class accuracy alone:\n  langevin eval samples --reference digits \
                        --metrics class_accuracy"
)]
pub(crate) struct Eval {
    /// A run folder, a diffusers folder, or a folder of pictures
    #[arg(value_name = "MODEL|FOLDER")]
    pub(crate) subject: PathBuf,
    /// What real pictures look like: digits (the embedded ones), an IDX file or a folder of pictures
    #[arg(long, value_name = "DATA")]
    pub(crate) reference: String,
    /// Only these metrics, by name, separated by commas [default: all that apply]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,
    /// Pictures to draw from a model, or at most to read from a folder
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) count: Option<usize>,
    /// Steps when drawing from a model [default: what suits the model]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,
    /// Guidance when drawing from a model [default: what suits the model]
    #[arg(long, value_name = "S", value_parser = finite)]
    pub(crate) guidance: Option<f64>,
    /// Guide only where LOW < sigma/alpha <= HIGH; HIGH may be inf [default: what suits the model]
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval)]
    pub(crate) guidance_interval: Option<[f64; 2]>,
    /// Refuse the folder if a picture in it is unreadable, instead of skipping and counting it
    #[arg(long)]
    pub(crate) strict: bool,
}
