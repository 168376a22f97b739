//! The state of a training run in memory and its one operation, the optimiser step.
//!
//! A step is a pure function of the weights, the moments, the average and the step number: batch, times, noise, dropped
//! labels and mirrored images all follow from (seed, step).

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_data::{Batch, Loader};
use langevin_models::{Model, ModelConfig};

use crate::checkpoint::Checkpoint;
use crate::config::TrainConfig;
use crate::ema::ema_decay;
use crate::lr::learning_rate;
use crate::objective::Objective;
use crate::optimiser::{GradientSum, OptimiserStep, optimiser_step};
use crate::optimiser_state::flat_weights;
use crate::{Error, OptimiserState, Result};

/// Purpose of the random stream that drops labels, in ASCII.
const DROPOUT: u64 = u32::from_be_bytes(*b"drop") as u64;

/// A model in training.
#[derive(Debug)]
pub struct Trainer {
    config: TrainConfig,
    objective: Objective,
    loader: Loader,
    /// With gradients. Absent only within a step, which changes its weights where they lie.
    model: Option<Model>,
    /// Shared with a checkpoint while that is written; a step then works on a copy.
    optimiser: Arc<OptimiserState>,
    step: u64,
    device: Device,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Steps done, this one included.
    pub step: u64,
    /// Mean loss over the step's batches, before the update.
    pub loss: f64,
    /// Learning rate.
    pub lr: f64,
    /// Norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Decay of the moving average.
    pub ema_decay: f64,
}

impl Trainer {
    /// Fresh weights, a pure function of the configuration's seed, on `device` (without gradients).
    ///
    /// # Errors
    /// Where the network cannot be built.
    pub fn new(
        config: TrainConfig,
        model: ModelConfig,
        loader: Loader,
        device: &Device,
    ) -> Result<Self> {
        let objective = Objective::new(&config.process)?;
        let device = device.clone().autodiff();
        let model = Model::init(model, config.run.seed, &device)?;
        let optimiser = Arc::new(OptimiserState::of(&model.network));
        Ok(Self { config, objective, loader, model: Some(model), optimiser, step: 0, device })
    }

    /// Continues from a checkpoint.
    ///
    /// # Errors
    /// Where its parameters are not this network's.
    pub fn restore(&mut self, checkpoint: Checkpoint) -> Result<()> {
        let Model { network, config } = self.model().clone();
        let network = checkpoint.optimiser.put_into(network, &checkpoint.weights)?;
        self.model = Some(Model { network, config });
        self.optimiser = checkpoint.optimiser;
        self.step = checkpoint.state.step;
        Ok(())
    }

    /// Steps done.
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// The newest weights, in the order of the arrays of [`optimiser`](Self::optimiser).
    pub fn weights(&self) -> Vec<f32> {
        flat_weights(&self.model().network)
    }

    /// The optimiser's moments and average.
    pub fn optimiser(&self) -> &Arc<OptimiserState> {
        &self.optimiser
    }

    /// Images that one step sees.
    pub fn images_per_step(&self) -> usize {
        self.config.run.batch * self.config.optimiser.accumulation as usize
    }

    /// The newest weights as a model without gradients.
    pub fn raw_model(&self) -> Model {
        let Model { network, config } = self.model();
        Model { network: network.valid(), config: config.clone() }
    }

    /// The averaged weights as a model without gradients.
    ///
    /// # Errors
    /// Never, unless the network changed under this value.
    pub fn ema_model(&self) -> Result<Model> {
        let Model { network, config } = self.raw_model();
        Ok(Model { network: self.optimiser.put_into(network, &self.optimiser.ema)?, config })
    }

    /// Does one step when the share `progress` of the run is over.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss or the gradient is not finite; the weights are those of the step before then.
    pub fn step(&mut self, progress: f64) -> Result<StepResult> {
        let lr = learning_rate(&self.config.optimiser, self.step, progress);
        let decay = ema_decay(&self.config.ema, self.step);
        let batches = self.config.optimiser.accumulation;
        let mut gradient = GradientSum::default();
        let mut loss = 0.0;
        for part in 0..batches {
            let draw = self.step * batches + part;
            loss += self.accumulate(&mut gradient, draw)? / batches as f64;
        }
        let grad_norm = gradient.norm();
        self.check_finite("loss", loss, loss, lr)?;
        self.check_finite("gradient norm", grad_norm, loss, lr)?;
        if let Some(Model { network, config }) = self.model.take() {
            let step = OptimiserStep { index: self.step, lr, grad_norm, ema_decay: decay };
            let (rule, state) = (&self.config.optimiser, Arc::make_mut(&mut self.optimiser));
            let network = optimiser_step(rule, step, network, state, gradient);
            self.model = Some(Model { network, config });
        }
        self.step += 1;
        Ok(StepResult { step: self.step, loss, lr, grad_norm, ema_decay: decay })
    }

    /// Adds the gradient of batch number `draw` to `gradient` and returns its loss.
    fn accumulate(&self, gradient: &mut GradientSum, draw: u64) -> Result<f64> {
        let seed = self.config.run.seed;
        let batch = self.loader.batch(draw);
        let images = batch.indices.len();
        let noisy = self.objective.noisy(&batch.images, images, seed, draw);
        let labels = self.labels(&batch, draw);
        let data = self.loader.dataset();
        let (c, h, w) = (data.channels(), data.height(), data.width());
        let x =
            Tensor::from_data(TensorData::new(noisy.x.clone(), [images, c, h, w]), &self.device);
        let output = self.model().output(x, &noisy.levels, labels.as_deref())?;
        let loss = noisy.loss(output, &self.device);
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if value.is_finite() {
            gradient.add(&self.model().network, loss.backward());
        }
        Ok(value)
    }

    /// The labels of a batch, some of them replaced by the null class.
    fn labels(&self, batch: &Batch, draw: u64) -> Option<Vec<u32>> {
        let classes = self.model().config.classes.as_ref()?;
        let mut stream = Philox::new(self.config.run.seed, DROPOUT, draw);
        let dropped = |label: u32| match classes.null {
            Some(null) if stream.uniform() < self.config.run.class_dropout => null,
            _ => label,
        };
        Some(batch.labels.iter().copied().map(dropped).collect())
    }

    fn check_finite(&self, what: &'static str, value: f64, loss: f64, lr: f64) -> Result<()> {
        if value.is_finite() {
            return Ok(());
        }
        let advice =
            "try a lower optimiser.lr, a longer optimiser.warmup_steps or a smaller optimiser.clip";
        Err(Error::Diverged {
            what,
            value,
            step: self.step + 1,
            loss,
            lr,
            kept: String::new(),
            advice,
        })
    }

    fn model(&self) -> &Model {
        self.model.as_ref().expect("a model between steps")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::set_up;

    fn trainer(run: &str) -> Trainer {
        let text = format!(
            "[data]\nsource = \"digits:test\"\n[model]\npreset = \"compact-tiny\"\n[run]\nbatch = 500\n{run}\n"
        );
        set_up(&TrainConfig::from_toml(&text, &[]).unwrap(), &Device::flex()).unwrap().trainer
    }

    #[test]
    fn labels_are_dropped_at_the_asked_rate_and_otherwise_kept() {
        let trainer = trainer("class_dropout = 0.2");
        let mut dropped = 0;
        for draw in 0..20 {
            let batch = trainer.loader.batch(draw);
            let labels = trainer.labels(&batch, draw).unwrap();
            assert_eq!(Some(&labels), trainer.labels(&batch, draw).as_ref());
            for (label, original) in labels.iter().zip(&batch.labels) {
                assert!(label == original || *label == 10);
                dropped += usize::from(*label == 10);
            }
        }
        // Binomial with mean 2000 and deviation 40; five deviations.
        assert!((1800..2200).contains(&dropped), "{dropped}");
    }

    #[test]
    fn without_dropout_there_is_no_null_class() {
        let trainer = trainer("class_dropout = 0");
        let batch = trainer.loader.batch(0);
        assert_eq!(trainer.labels(&batch, 0), Some(batch.labels));
        assert_eq!(trainer.model().config.classes.as_ref().unwrap().null, None);
    }

    #[test]
    fn the_average_of_the_first_step_is_a_tenth_old_and_the_models_hold_what_they_say() {
        let mut trainer = trainer("class_dropout = 0.1");
        let before = trainer.weights();
        trainer.step(0.0).unwrap();
        let (after, average) = (trainer.weights(), &trainer.optimiser().ema);
        for ((old, new), ema) in before.iter().zip(&after).zip(average) {
            assert!((0.1 * old + 0.9 * new - ema).abs() <= 1e-6 * old.abs().max(new.abs()));
        }
        assert_eq!(flat_weights(&trainer.raw_model().network), after);
        assert_eq!(flat_weights(&trainer.ema_model().unwrap().network), *average);
    }
}
