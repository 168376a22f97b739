//! One whole training step: a batch and its noise, forward, the mean squared error, backward, clipping by the norm of the
//! whole gradient, AdamW and the moving average of the weights, by the trainer that real runs use.

use std::sync::Arc;

use burn::tensor::Device;
use langevin_data::{Loader, LoaderConfig};
use langevin_train::Trainer;

use super::Subject;
use crate::Result;
use crate::work::Work;

/// Sets up training from fresh weights; each run is the next step.
pub(super) fn work(subject: &Subject, device: &Device) -> Result<Work> {
    let training = subject.training()?;
    let model = subject.model(&training)?;
    let settings = LoaderConfig { batch_size: training.run.batch, ..Default::default() };
    let loader = Loader::new(Arc::new(subject.pictures()?), settings)?;
    let mut trainer = Trainer::new(training, model, loader, device)?;
    Ok(Work {
        parameters: Some(trainer.weights().len()),
        run: Box::new(move || {
            trainer.step(0.0)?;
            Ok(())
        }),
    })
}
