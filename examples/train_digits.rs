//! Trains the compact network on the embedded digits: `train_digits FOLDER [STEPS]`.

use anyhow::Context;
use langevin_train::{Event, Flow, RunFolder, Start, TrainConfig, train};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: train_digits FOLDER [STEPS]")?;
    let steps = arguments.next().unwrap_or_else(|| "200".to_owned());
    let text = "[data]\nsource = \"digits\"\n\n[run]\nsteps = 200\n\n[optimiser]\nlr = 2e-3\ndecay = \"cosine\"\n";
    let config = TrainConfig::from_toml(text, &[("run.steps".to_owned(), steps)])?;
    let run = RunFolder::at(folder);
    train(&config, &run, Start::Fresh, &mut |event| {
        if let Event::Step(step) = event
            && step.step % 20 == 0
        {
            println!("step {:>5}, loss {:.4}", step.step, step.loss);
        }
        Flow::Continue
    })?;
    println!("the model is in {}", run.model_path().display());
    Ok(())
}
