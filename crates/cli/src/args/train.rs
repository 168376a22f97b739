//! `langevin train`.

use std::path::PathBuf;

use clap::Args;

/// Train a model as a TOML file says
///
/// The run folder holds config.toml, the model, checkpoints, metrics.jsonl, sample grids and report.html.
/// Ctrl-C saves a checkpoint and stops; --resume goes on from the newest checkpoint as if nothing had happened.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin train digits.toml --set train.steps=2000 --set optimizer.lr=1e-3\n\nAfter \
                        an interruption:\n  langevin train digits.toml --resume"
)]
pub(crate) struct Train {
    /// The configuration; a run folder stands for the configuration inside it
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) config: PathBuf,
    /// Go on from the run folder's newest checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Replace one value of the configuration, as in --set train.steps=2000 (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
    /// Folder of the run [default: the configuration's, else runs/ and the configuration's name]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

/// `key=value`, both ends trimmed.
fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected KEY=VALUE, such as train.steps=2000".to_owned()),
    }
}
