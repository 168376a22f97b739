//! Writes checkpoints and the model folder on a thread of their own, so that training does not wait for the disk.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Instant;

use langevin_models::Model;

use crate::checkpoint::Checkpoint;
use crate::checkpoints::Checkpoints;
use crate::{Error, Result, RunFolder};

/// A checkpoint that reached the disk.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) step: u64,
    pub(crate) path: PathBuf,
    pub(crate) seconds: f64,
}

/// At most one write at a time.
#[derive(Debug)]
pub(crate) struct CheckpointWriter {
    run: RunFolder,
    keep: usize,
    current: Option<JoinHandle<Result<Written>>>,
}

impl CheckpointWriter {
    pub(crate) fn new(run: RunFolder, keep: usize) -> Self {
        Self { run, keep, current: None }
    }

    /// Starts writing, after the write before has ended; returns what that one wrote.
    pub(crate) fn submit(
        &mut self,
        checkpoint: Checkpoint,
        model: Model,
    ) -> Result<Option<Written>> {
        let before = self.wait()?;
        let (run, keep) = (self.run.clone(), self.keep);
        let work = move || {
            let start = Instant::now();
            let checkpoints = Checkpoints::at(run.checkpoints_path());
            let step = checkpoint.state.step;
            let save = || {
                let path = checkpoints.save(&checkpoint, keep)?;
                model.save(&run.model_path())?;
                Ok(Written { step, path, seconds: start.elapsed().as_secs_f64() })
            };
            save().map_err(|error: Error| Error::NotSaved {
                path: checkpoints.path(step),
                source: Box::new(error),
                kept: String::new(),
            })
        };
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(work);
        self.current = Some(
            thread.map_err(Error::io("start a thread to write", &self.run.checkpoints_path()))?,
        );
        Ok(before)
    }

    /// What the current write wrote, if it has ended.
    pub(crate) fn poll(&mut self) -> Result<Option<Written>> {
        if self.current.as_ref().is_some_and(JoinHandle::is_finished) {
            self.wait()
        } else {
            Ok(None)
        }
    }

    /// Waits for the current write, if there is one.
    pub(crate) fn wait(&mut self) -> Result<Option<Written>> {
        let Some(thread) = self.current.take() else { return Ok(None) };
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map(Some)
    }
}

impl Drop for CheckpointWriter {
    /// A write under way is finished even where training ends with an error.
    fn drop(&mut self) {
        if let Some(thread) = self.current.take() {
            let _ = thread.join();
        }
    }
}
