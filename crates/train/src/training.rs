//! A training run from its configuration to its model folder.

use burn::tensor::Device;

use crate::event::{Event, Flow, Summary};
use crate::session::Session;
use crate::setup::set_up;
use crate::{Result, RunFolder, TrainConfig};

/// Whether a run begins or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A new run, in a folder that does not exist yet or is empty.
    Fresh,
    /// The run in the folder, from its newest usable checkpoint.
    Resume,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All steps are done, or all the time is used.
    Finished(Summary),
    /// The observer asked to stop; everything is saved and the run can be resumed.
    Interrupted(Summary),
}

/// Trains on the CPU; see [`train_on`].
///
/// # Errors
/// Those of [`train_on`].
pub fn train(
    config: &TrainConfig,
    run: &RunFolder,
    start: Start,
    observer: &mut dyn FnMut(&Event<'_>) -> Flow,
) -> Result<Outcome> {
    train_on(&Device::flex(), config, run, start, observer)
}

/// Trains a model as `config` says on `device`, writes everything into `run`, and tells `observer` of each step.
///
/// A run of a fixed number of steps is a pure function of its configuration, its data and the machine: interrupted and
/// resumed any number of times, it ends in the same bytes.
///
/// # Errors
/// [`FolderExists`](crate::Error::FolderExists) where a fresh run would overwrite something,
/// [`Diverged`](crate::Error::Diverged) where the loss or the gradient stops being finite,
/// [`Changed`](crate::Error::Changed) where a resumed run is not the one that was started, and whatever reading the
/// data or writing the folder can meet. The checkpoints written until then remain.
pub fn train_on(
    device: &Device,
    config: &TrainConfig,
    run: &RunFolder,
    start: Start,
    observer: &mut dyn FnMut(&Event<'_>) -> Flow,
) -> Result<Outcome> {
    match start {
        Start::Fresh => run.check_free()?,
        Start::Resume => drop(run.info()?),
    }
    let setup = set_up(config, device)?;
    for note in &setup.notes {
        observer(&Event::Note(note));
    }
    Session::open(setup, run, start, device, observer)?.run()
}
