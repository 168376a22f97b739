//! Whole runs of a tiny network on the embedded digits.

mod outcome;
mod refusal;
mod resumption;

use std::path::Path;

use langevin_train::{Event, Flow, Outcome, RunFolder, Start, Summary, TrainConfig, train};

/// A run of six steps with everything on that must survive a resumption.
const SIX_STEPS: &str = r#"
[data]
source = "digits"
flip = true
[model]
preset = "compact-tiny"
[optimiser]
warmup_steps = 2
decay = "cosine"
accumulation = 2
[run]
steps = 6
batch = 4
seed = 3
class_dropout = 0.3
checkpoint_every = 2
sample_every = 0
log_every = 4
"#;

fn config(text: &str, overrides: &[(&str, &str)]) -> TrainConfig {
    let overrides: Vec<_> =
        overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    TrainConfig::from_toml(text, &overrides).unwrap()
}

/// Trains and stops after `stop` steps, if that comes first.
fn run_until(
    config: &TrainConfig,
    run: &RunFolder,
    start: Start,
    stop: u64,
) -> langevin_train::Result<Outcome> {
    train(config, run, start, &mut |event| match event {
        Event::Step(report) if report.step >= stop => Flow::Stop,
        _ => Flow::Continue,
    })
}

fn run(config: &TrainConfig, run: &RunFolder, start: Start) -> langevin_train::Result<Outcome> {
    run_until(config, run, start, u64::MAX)
}

fn finished(outcome: Outcome) -> Summary {
    match outcome {
        Outcome::Finished(summary) => summary,
        Outcome::Interrupted(summary) => panic!("stopped after {} steps", summary.steps),
    }
}

/// Weights, moments and average of the checkpoint after `step` steps, as bytes.
fn tensors(run: &RunFolder, step: u64) -> Vec<u8> {
    let path = run.checkpoints_path().join(format!("step-{step:08}")).join("training.safetensors");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every file of the model folder, as (path, bytes).
fn model_files(run: &RunFolder) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, root: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                files.push((
                    path.strip_prefix(root).unwrap().display().to_string(),
                    std::fs::read(&path).unwrap(),
                ));
            }
        }
    }
    let mut files = Vec::new();
    walk(&run.model_path(), &run.model_path(), &mut files);
    files.sort();
    files
}
