//! One sitting of a run: the loop over steps, and what is drawn, logged and saved on the way.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;

use crate::checkpoint::{Checkpoint, TrainingState};
use crate::checkpoint_writer::{CheckpointWriter, Written};
use crate::checkpoints::Checkpoints;
use crate::clock::Clock;
use crate::config::{Interval, TrainConfig};
use crate::event::{Event, Flow, StepReport, Summary};
use crate::metrics::{Metric, MetricsLog};
use crate::recent::Recent;
use crate::setup::Setup;
use crate::sheets::draw_sheets;
use crate::trainer::{StepResult, Trainer};
use crate::training::{Outcome, Start};
use crate::{Error, Result, RunFolder, peak_memory};

/// One sitting of a run.
pub(crate) struct Session<'a> {
    config: TrainConfig,
    run: &'a RunFolder,
    device: &'a Device,
    observer: &'a mut dyn FnMut(&Event<'_>) -> Flow,
    trainer: Trainer,
    data: String,
    clock: Clock,
    metrics: MetricsLog,
    writer: CheckpointWriter,
    /// The newest checkpoint that is whole on disk.
    kept: Option<(u64, PathBuf)>,
    /// Losses that no line of the metrics has reported yet: their sum and their number.
    unreported: (f64, u64),
    /// Seconds and images since the last line of the metrics.
    pace: (f64, u64),
    recent: Recent,
    /// Seconds of the sitting when sheets were last drawn and a checkpoint was last begun.
    last_sheets: f64,
    last_checkpoint: f64,
    /// What the last sheets and the last checkpoint took.
    sheet_seconds: f64,
    write_seconds: f64,
    first_step: u64,
    stopped: bool,
    /// Held until the sitting ends.
    _lock: File,
}

impl<'a> Session<'a> {
    /// Reads the newest checkpoint, or makes the folder.
    pub(crate) fn open(
        setup: Setup,
        run: &'a RunFolder,
        start: Start,
        device: &'a Device,
        observer: &'a mut dyn FnMut(&Event<'_>) -> Flow,
    ) -> Result<Self> {
        let Setup { config, mut trainer, data, mut started, .. } = setup;
        let lock = run.lock()?;
        let checkpoints = Checkpoints::at(run.checkpoints_path());
        let mut state = TrainingState::fresh(&config, data.clone());
        let mut kept = None;
        match start {
            Start::Fresh => run.create(&config)?,
            Start::Resume => {
                config.check_continues(&run.config()?)?;
                checkpoints.remove_leftovers()?;
                if let Some(latest) = checkpoints.latest(trainer.optimiser())? {
                    for note in &latest.notes {
                        observer(&Event::Note(note));
                    }
                    state = latest.checkpoint.state.clone();
                    state.check_continues(&config, &data)?;
                    trainer.restore(latest.checkpoint)?;
                    kept = Some((state.step, latest.path));
                }
                run.write_config(&config)?;
            }
        }
        started.step = state.step;
        started.resumed_from = kept.as_ref().map(|(_, path)| path.clone());
        let metrics = MetricsLog::open(&run.metrics_path(), state.step)?;
        let stopped = observer(&Event::Started(&started)) == Flow::Stop;
        Ok(Self {
            writer: CheckpointWriter::new(run.clone(), config.run.keep),
            clock: Clock::start(config.run.length, state.seconds),
            unreported: (state.unreported_loss, state.unreported_steps),
            pace: (0.0, 0),
            recent: Recent::default(),
            last_sheets: 0.0,
            last_checkpoint: 0.0,
            sheet_seconds: 0.0,
            write_seconds: 0.0,
            first_step: state.step,
            config,
            run,
            device,
            observer,
            trainer,
            data,
            metrics,
            kept,
            stopped,
            _lock: lock,
        })
    }

    /// Trains to the end, or until the observer says stop.
    pub(crate) fn run(mut self) -> Result<Outcome> {
        while !self.stopped && !self.clock.over(self.trainer.steps_done()) {
            let begun = Instant::now();
            let result = self.trainer.step(self.clock.progress(self.trainer.steps_done()));
            let result = result.map_err(|error| self.diverged(error))?;
            let seconds = begun.elapsed().as_secs_f64();
            self.clock.step_took(seconds);
            self.report(result, seconds)?;
            let written = self.writer.poll();
            self.note_written(written)?;
            let step = result.step;
            let over = self.stopped || self.clock.over(step);
            if !over
                && self.config.run.sample_every.due(step, self.clock.sitting() - self.last_sheets)
            {
                self.draw_sheets()?;
            }
            let waited = self.clock.sitting() - self.last_checkpoint;
            if !over && !self.stopped && self.config.run.checkpoint_every.due(step, waited) {
                self.begin_checkpoint()?;
            }
        }
        self.finish()
    }

    /// Tells the observer and, where a line is due, the metrics.
    fn report(&mut self, result: StepResult, seconds: f64) -> Result<()> {
        let images = self.trainer.images_per_step() as u64;
        self.unreported = (self.unreported.0 + result.loss, self.unreported.1 + 1);
        self.pace = (self.pace.0 + seconds, self.pace.1 + images);
        self.recent.push(result.loss);
        let report = StepReport {
            step: result.step,
            loss: result.loss,
            lr: result.lr,
            grad_norm: result.grad_norm,
            ema_decay: result.ema_decay,
            images_per_second: images as f64 / self.clock.step_seconds(),
            seconds: self.clock.seconds(),
            seconds_left: self.clock.seconds_left(result.step),
            progress: self.clock.progress(result.step),
        };
        if result.step.is_multiple_of(self.config.run.log_every) || self.clock.over(result.step) {
            self.metrics.append(&Metric {
                step: result.step,
                loss: self.unreported.0 / self.unreported.1 as f64,
                lr: result.lr,
                grad_norm: result.grad_norm,
                images_per_second: self.pace.1 as f64 / self.pace.0,
                seconds: report.seconds,
                ema_decay: result.ema_decay,
                peak_mib: peak_memory().map(|bytes| bytes >> 20),
            })?;
            self.unreported = (0.0, 0);
            self.pace = (0.0, 0);
        }
        self.tell(&Event::Step(&report));
        Ok(())
    }

    fn tell(&mut self, event: &Event<'_>) {
        self.stopped |= (self.observer)(event) == Flow::Stop;
    }

    fn draw_sheets(&mut self) -> Result<()> {
        let begun = Instant::now();
        let step = self.trainer.steps_done();
        let mut stop = false;
        let mut tell = |done, total| match (self.observer)(&Event::Sampling { step, done, total }) {
            Flow::Continue => ControlFlow::Continue(()),
            Flow::Stop => {
                stop = true;
                ControlFlow::Break(())
            }
        };
        let paths =
            draw_sheets(&self.trainer, self.run, &self.config.samples, self.device, &mut tell)?;
        self.stopped |= stop;
        if let Some(paths) = paths {
            self.sheet_seconds = begun.elapsed().as_secs_f64();
            self.clock.closing_takes(self.sheet_seconds + self.write_seconds);
            self.tell(&Event::Sampled { step, paths: &paths });
        }
        self.last_sheets = self.clock.sitting();
        Ok(())
    }

    fn begin_checkpoint(&mut self) -> Result<()> {
        let state = TrainingState {
            step: self.trainer.steps_done(),
            config: self.config.to_toml(),
            seconds: self.clock.seconds(),
            data: self.data.clone(),
            unreported_loss: self.unreported.0,
            unreported_steps: self.unreported.1,
        };
        let (weights, optimiser) = (self.trainer.weights(), self.trainer.optimiser().clone());
        let checkpoint = Checkpoint { state, weights, optimiser };
        let written = self.writer.submit(checkpoint, self.trainer.ema_model()?);
        self.note_written(written)?;
        self.last_checkpoint = self.clock.sitting();
        Ok(())
    }

    /// Takes in the end of a write, if one has ended.
    fn note_written(&mut self, written: Result<Option<Written>>) -> Result<()> {
        let written = match written {
            Ok(Some(written)) => written,
            Ok(None) => return Ok(()),
            Err(Error::NotSaved { path, source, .. }) => {
                return Err(Error::NotSaved { path, source, kept: self.describe_kept() });
            }
            Err(other) => return Err(other),
        };
        self.write_seconds = written.seconds;
        let sheets =
            if self.config.run.sample_every == Interval::Never { 0.0 } else { self.sheet_seconds };
        self.clock.closing_takes(sheets + self.write_seconds);
        self.tell(&Event::Checkpointed { step: written.step, path: &written.path });
        self.kept = Some((written.step, written.path));
        Ok(())
    }

    /// Saves what is not saved yet and draws the last sheets.
    fn finish(mut self) -> Result<Outcome> {
        let interrupted = self.stopped;
        let step = self.trainer.steps_done();
        let sitting = self.clock.sitting();
        let written = self.writer.wait();
        self.note_written(written)?;
        let saved = self.kept.as_ref().is_some_and(|(kept, _)| *kept == step);
        if !saved {
            self.begin_checkpoint()?;
            let written = self.writer.wait();
            self.note_written(written)?;
        } else if !self.run.model_path().is_dir() {
            self.trainer.ema_model()?.save(&self.run.model_path())?;
        }
        let done = step - self.first_step;
        if !interrupted && done > 0 && self.config.run.sample_every != Interval::Never {
            self.draw_sheets()?;
        }
        let (_, checkpoint) =
            self.kept.clone().expect("a checkpoint of this step was just written");
        let summary = Summary {
            steps: step,
            seconds: self.clock.seconds(),
            loss: self.recent.mean(),
            images_per_second: (done as usize * self.trainer.images_per_step()) as f64
                / sitting.max(1e-9),
            peak_memory: peak_memory(),
            checkpoint,
            model: self.run.model_path(),
        };
        if interrupted {
            return Ok(Outcome::Interrupted(summary));
        }
        self.tell(&Event::Finished(&summary));
        Ok(Outcome::Finished(summary))
    }

    /// Adds to a divergence which checkpoint remains, once the one that is being written is there.
    fn diverged(&mut self, error: Error) -> Error {
        let written = self.writer.wait();
        if let Err(error) = self.note_written(written) {
            return error;
        }
        match error {
            Error::Diverged { what, value, step, loss, lr, advice, .. } => {
                Error::Diverged { what, value, step, loss, lr, kept: self.describe_kept(), advice }
            }
            other => other,
        }
    }

    fn describe_kept(&self) -> String {
        match &self.kept {
            Some((_, path)) => format!("the checkpoint {} is kept", path.display()),
            None => "there was no checkpoint yet".to_owned(),
        }
    }
}
