//! The networks that are measured, with what they are trained on.

use langevin_core::rng::Philox;
use langevin_data::Dataset;
use langevin_models::{Classes, ModelConfig};
use langevin_train::TrainConfig;
use langevin_train::config::DataShape;

use crate::Result;

/// Purpose of the random stream of pixels, in ASCII.
const PIXELS: u64 = u32::from_be_bytes(*b"pixl") as u64;

/// How many pictures there are to draw batches from.
const PICTURES: usize = 1024;

/// A network and its task.
#[derive(Debug)]
pub(super) struct Subject {
    /// Channels of a picture.
    channels: usize,
    /// Side of a picture in pixels.
    side: usize,
    /// Classes of the pictures; 0 for none.
    classes: u32,
    /// The rest, as a training run is configured.
    settings: &'static str,
}

impl Subject {
    /// diffusers' `UNet2DModel` at a size that learns digits in minutes.
    pub(super) const UNET2D: Self = Self {
        channels: 1,
        side: 32,
        classes: 10,
        settings: r#"
            [model]
            preset = "unet2d-32-64-64"
            [process]
            schedule = "ddpm-linear"
            [optimiser]
            weight_decay = 0
            [run]
            batch = 64
        "#,
    };

    /// The network of Ho et al. 2020 for CIFAR-10.
    pub(super) const DDPM_CIFAR: Self = Self {
        channels: 3,
        side: 32,
        classes: 0,
        settings: r#"
            [model]
            preset = "ddpm-cifar10"
            [process]
            schedule = "ddpm-linear"
            [optimiser]
            lr = 2e-4
            weight_decay = 0
            [run]
            batch = 8
        "#,
    };

    /// The compact network of the quickstart.
    pub(super) const COMPACT: Self = Self {
        channels: 1,
        side: 28,
        classes: 10,
        settings: r#"
            [model]
            preset = "compact"
            [process]
            time_std = 1.2
            [optimiser]
            lr = 2e-3
            betas = [0.9, 0.99]
            weight_decay = 0
            [run]
            batch = 64
        "#,
    };

    /// The training run's configuration.
    pub(super) fn training(&self) -> Result<TrainConfig> {
        // The configuration has to name a source; the pictures are this file's own.
        let source = [("data.source".to_owned(), "random pixels".to_owned())];
        Ok(TrainConfig::from_toml(self.settings, &source)?)
    }

    /// The network, the schedule and the prediction of `training`.
    pub(super) fn model(&self, training: &TrainConfig) -> Result<ModelConfig> {
        let classes = (self.classes > 0).then(|| Classes::numbered_with_null(self.classes));
        let shape = DataShape {
            channels: self.channels,
            size: [self.side; 2],
            class_rows: classes.as_ref().map(|_| self.classes as usize + 1),
        };
        Ok(ModelConfig {
            network: training.model.resolve(shape)?,
            schedule: training.process.schedule()?,
            prediction: training.process.prediction,
            classes,
        })
    }

    /// Pictures of random pixels, their classes in turn.
    pub(super) fn pictures(&self) -> Result<Dataset> {
        let mut numbers = vec![0.0; PICTURES * self.channels * self.side * self.side];
        Philox::new(0, PIXELS, 0).fill_uniform(&mut numbers);
        let pixels = numbers.into_iter().map(|u: f32| (256.0 * u) as u8).collect();
        let pictures = Dataset::new(self.channels, self.side, self.side, pixels)?;
        if self.classes == 0 {
            return Ok(pictures);
        }
        let labels = (0..PICTURES as u32).map(|i| i % self.classes).collect();
        let names = (0..self.classes).map(|k| k.to_string()).collect();
        Ok(pictures.with_labels(labels, names)?)
    }
}
