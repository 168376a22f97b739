//! `langevin quickstart`.

use std::path::PathBuf;

use clap::Args;

use crate::args::number::positive;

/// Train on the embedded digits, draw, judge, and write a report to open
///
/// Trains a class-conditional model on 9,000 handwritten digits for the minutes given, draws ten pictures of each
/// digit, judges a thousand more, and writes a folder with the model, the pictures and report.html.
/// If the folder already holds a quickstart run, the new one goes to a numbered folder beside it
/// (runs/quickstart-2, …), so nothing is lost; a folder that holds anything else is refused.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin quickstart --minutes 2 --out runs/first\n\nThen draw more from it:\n  \
                        langevin sample runs/first --class 7 --count 16"
)]
pub(crate) struct Quickstart {
    /// Wall-clock minutes of training
    #[arg(long, value_name = "MINUTES", default_value = "5", value_parser = minutes)]
    pub(crate) minutes: f64,
    /// Folder of the run
    #[arg(long, value_name = "FOLDER", default_value = "runs/quickstart")]
    pub(crate) out: PathBuf,
}

/// Minutes of training: above 0 and at most a week.
fn minutes(text: &str) -> Result<f64, String> {
    positive(text)
        .ok()
        .filter(|&minutes| minutes <= 7.0 * 24.0 * 60.0)
        .ok_or_else(|| "expected minutes above 0 and at most 10080, a week".to_owned())
}
