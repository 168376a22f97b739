//! `langevin train CONFIG.toml`.

use std::path::{Path, PathBuf};

use langevin_train::{Error, RunFolder, Start, TrainConfig};
use serde_json::json;

use crate::args::train::Train;
use crate::context::Context;
use crate::failure::{Exit, Failure, Hint, reason};
use crate::output::Outcome;
use crate::report::run::RunReport;
use crate::training::{Trained, train};
use crate::words::{bytes, counted, seconds, significant};

pub(crate) fn run(args: &Train, context: &Context) -> Result<Outcome, Failure> {
    let (text, place) = read(&args.config)?;
    let mut overrides = args.set.clone();
    overrides.extend(context.seed.map(|seed| ("run.seed".to_owned(), seed.to_string())));
    let config = TrainConfig::from_toml(&text, &overrides)
        .map_err(|error| Failure::failed(format!("{}: {error}", args.config.display())))
        .hint("every key with its default stands in docs/train.example.toml")?;
    let run = RunFolder::at(args.out.clone().unwrap_or(place));
    let start = if args.resume { Start::Resume } else { Start::Fresh };
    start_hint(&run, start)?;

    let trained = train(context, &config, &run, start)?;
    let report = RunReport::new(&run, &trained)?.write()?;
    Ok(outcome(&run, &trained, &report))
}

/// The configuration's text, and where its run goes if nothing else is said.
fn read(config: &Path) -> Result<(String, PathBuf), Failure> {
    let run = RunFolder::at(config);
    let (file, place) = if config.is_dir() {
        run.info().hint("CONFIG.toml is a configuration, or a run folder to go on with")?;
        (run.config_path(), config.to_owned())
    } else {
        (config.to_owned(), Path::new("runs").join(config.file_stem().unwrap_or_default()))
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| {
            Failure::failed(format!("cannot read {}: {}", file.display(), reason(&error)))
        })
        .hint("docs/train.example.toml is a configuration to start from")?;
    Ok((text, place))
}

/// The two ways to meet a folder that is not as expected, told before the data is read.
fn start_hint(run: &RunFolder, start: Start) -> Result<(), Failure> {
    match start {
        Start::Fresh => {
            run.check_free().hint("--resume goes on with that run; --out FOLDER starts another")
        }
        Start::Resume => match run.info() {
            Err(error @ Error::NotARun(_)) => Err(Failure::from(error)
                .hint("--out FOLDER says where the run is; without --resume a new one starts")),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        },
    }
}

fn outcome(run: &RunFolder, trained: &Trained, report: &Path) -> Outcome {
    let summary = &trained.summary;
    let folder = run.root().display();
    let steps = counted(summary.steps as usize, "step");
    let loss = summary.loss.map_or(String::new(), |loss| format!(", loss {}", significant(loss)));
    let memory =
        summary.peak_memory.map_or(String::new(), |held| format!(", at most {} held", bytes(held)));
    let text = if trained.interrupted {
        format!(
            "stopped after {steps}; everything is saved\ngo on with: langevin train {folder} --resume"
        )
    } else {
        format!(
            "{steps} in {}{loss}{memory}\nlook at {}\ndraw with: langevin sample {folder}",
            seconds(summary.seconds),
            report.display()
        )
    };
    let json = json!({
        "folder": run.root(),
        "model": summary.model,
        "checkpoint": summary.checkpoint,
        "report": report,
        "steps": summary.steps,
        "loss": summary.loss,
        "parameters": trained.started.parameters,
        "images_per_second": summary.images_per_second,
        "peak_mib": summary.peak_memory.map(|bytes| bytes >> 20),
        "seconds": { "train": summary.seconds },
        "interrupted": trained.interrupted,
    });
    Outcome { text, json, exit: if trained.interrupted { Exit::Interrupted } else { Exit::Done } }
}
