//! What a training run tells while it goes on, and what it is told in return.

use std::path::{Path, PathBuf};

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The data is read, the network is built, and the first step is next.
    Started(&'a Started),
    /// A step is done.
    Step(&'a StepReport),
    /// A contact sheet is being drawn: `done` of `total` network calls.
    Sampling {
        /// Steps of training done.
        step: u64,
        /// Sampling steps done, over all batches and sheets.
        done: usize,
        /// Sampling steps in all.
        total: usize,
    },
    /// Contact sheets were written.
    Sampled {
        /// Steps of training done.
        step: u64,
        /// The sheets.
        paths: &'a [PathBuf],
    },
    /// A checkpoint is on disk.
    Checkpointed {
        /// Its step, which may lie some steps back: checkpoints are written beside training.
        step: u64,
        /// Its folder.
        path: &'a Path,
    },
    /// Something worth knowing that stops nothing, in one sentence.
    Note(&'a str),
    /// The last checkpoint and the model folder are written.
    Finished(&'a Summary),
}

/// What the run does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goes on.
    Continue,
    /// Saves a checkpoint and the model folder, and ends with [`Outcome::Interrupted`](crate::Outcome::Interrupted).
    Stop,
}

/// The facts of a run before its first step.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// Steps done in earlier sittings.
    pub step: u64,
    /// Steps in all, where the run has a fixed number.
    pub steps: Option<u64>,
    /// Seconds in all, where the run has a fixed time.
    pub seconds: Option<f64>,
    /// Training images.
    pub images: usize,
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    /// Classes; 0 without labels.
    pub classes: usize,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Images per step.
    pub batch: usize,
    /// The checkpoint that the run continues from.
    pub resumed_from: Option<PathBuf>,
}

/// One step, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Steps done.
    pub step: u64,
    /// Loss of this step.
    pub loss: f64,
    /// Learning rate of this step.
    pub lr: f64,
    /// Norm of this step's gradient before clipping.
    pub grad_norm: f64,
    /// Decay of the moving average at this step.
    pub ema_decay: f64,
    /// Training images per second, averaged over the last steps, without sampling and saving.
    pub images_per_second: f64,
    /// Seconds of training so far, all sittings together.
    pub seconds: f64,
    /// Estimated seconds to the end of the run.
    pub seconds_left: f64,
    /// Share of the run that is over, 0 to 1.
    pub progress: f64,
}

/// A run when it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Steps done, all sittings together.
    pub steps: u64,
    /// Seconds of training, all sittings together.
    pub seconds: f64,
    /// Mean loss of the last steps, at most a hundred; `None` where this sitting did none.
    pub loss: Option<f64>,
    /// Training images per second of this sitting, everything included.
    pub images_per_second: f64,
    /// Bytes of the largest resident set of this process so far, where the system tells it.
    pub peak_memory: Option<u64>,
    /// The last checkpoint.
    pub checkpoint: PathBuf,
    /// The diffusers folder of the averaged weights.
    pub model: PathBuf,
}
