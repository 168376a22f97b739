//! A training run as the terminal sees it: progress, notes, Ctrl-C.

use std::time::Duration;

use langevin_train::config::TrainConfig;
use langevin_train::{Event, Flow, Outcome, RunFolder, Start, Started, Summary, train_on};

use crate::context::Context;
use crate::failure::{Failure, Hint};
use crate::words::{counted, significant, thousands};

/// A run that ended well or was interrupted; either way everything is saved.
#[derive(Debug)]
pub(crate) struct Trained {
    /// The facts before the first step.
    pub(crate) started: Started,
    /// The facts after the last.
    pub(crate) summary: Summary,
    /// Whether the user stopped it.
    pub(crate) interrupted: bool,
}

/// Weight of the newest loss in the one that is shown.
const NEWEST: f64 = 0.05;

/// Trains and shows how it goes.
pub(crate) fn train(
    context: &Context,
    config: &TrainConfig,
    run: &RunFolder,
    start: Start,
) -> Result<Trained, Failure> {
    let watch = context.interrupt.watch();
    let mut progress = context.task("train");
    let mut facts = None;
    let mut loss = None;
    let outcome = train_on(&context.device(), config, run, start, &mut |event| {
        match event {
            Event::Started(started) => {
                progress.note(&begin(started));
                facts = Some((*started).clone());
            }
            Event::Step(step) => {
                let shown = loss.map_or(step.loss, |old: f64| old + NEWEST * (step.loss - old));
                loss = Some(shown);
                let left = Duration::try_from_secs_f64(step.seconds_left).ok();
                progress.update_with(step.progress, left, || {
                    let of = facts
                        .as_ref()
                        .and_then(|f| f.steps)
                        .map_or(String::new(), |n| format!("/{}", thousands(n as usize)));
                    let (step_text, rate) = (thousands(step.step as usize), step.images_per_second);
                    format!("step {step_text}{of}, loss {}, {rate:.0} images/s", significant(shown))
                });
            }
            Event::Sampling { step, done, total } => {
                progress.message(|| {
                    format!("step {}, drawing samples {done}/{total}", thousands(*step as usize))
                });
            }
            Event::Sampled { paths, .. } => {
                paths.iter().for_each(|path| progress.note(&format!("drew {}", path.display())))
            }
            Event::Note(note) => progress.note(note),
            _ => {}
        }
        if watch.asked() { Flow::Stop } else { Flow::Continue }
    });
    let (summary, interrupted) =
        match outcome.hint(format!("{} keeps what was saved", run.root().display()))? {
            Outcome::Finished(summary) => (summary, false),
            Outcome::Interrupted(summary) => (summary, true),
        };
    let verb = if interrupted { "stopped after" } else { "done:" };
    progress.finish(&format!(
        "{verb} {} in {}, {:.0} images/s",
        counted(summary.steps as usize, "step"),
        crate::words::seconds(summary.seconds),
        summary.images_per_second,
    ));
    let started = facts.ok_or_else(|| Failure::failed("the run ended before it began"))?;
    Ok(Trained { started, summary, interrupted })
}

fn begin(started: &Started) -> String {
    let [channels, height, width] = started.shape;
    let mut line = format!(
        "{} parameters, {} of {height}×{width}×{channels}",
        thousands(started.parameters),
        counted(started.images, "training picture"),
    );
    if started.classes > 0 {
        line.push_str(&format!(" in {} classes", thousands(started.classes)));
    }
    if let Some(from) = &started.resumed_from {
        line.push_str(&format!("; going on from {}", from.display()));
    }
    line
}
