//! From a configuration to everything a run needs in memory: the data, the resolved configuration and the trainer.

use std::sync::Arc;

use burn::tensor::Device;
use langevin_data::{Dataset, Flip, Loader, LoaderConfig, Options, Strictness, Tail};
use langevin_models::{Classes, ModelConfig};
use langevin_nn::NetworkConfig;

use crate::config::{DataConfig, DataShape, Length, NetworkChoice, TrainConfig};
use crate::event::Started;
use crate::{Error, Result, Trainer, fingerprint};

/// What a run needs in memory.
pub(crate) struct Setup {
    /// With everything written out that follows from the data.
    pub(crate) config: TrainConfig,
    pub(crate) trainer: Trainer,
    /// Fingerprint of the data.
    pub(crate) data: String,
    pub(crate) started: Started,
    /// What happened to the data on the way, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// Reads the data and builds the network.
pub(crate) fn set_up(config: &TrainConfig, device: &Device) -> Result<Setup> {
    let (dataset, notes) =
        langevin_data::open(&config.data.source.parse()?, &options(&config.data))?;
    let classes = classes(config, &dataset);
    let shape = DataShape {
        channels: dataset.channels(),
        size: [dataset.height(), dataset.width()],
        class_rows: classes.as_ref().map(|c| c.names.len() + usize::from(c.null.is_some())),
    };
    let network = config.model.resolve(shape)?;
    refuse_dropout(&network)?;
    let mut config = config.clone();
    config.model = NetworkChoice::spelled_out(config.model.class, &network);
    config.data.channels = Some(shape.channels);
    config.data.size = (shape.size[0] == shape.size[1]).then_some(shape.size[0]);

    let count = classes.as_ref().map_or(0, |c| c.names.len());
    let (schedule, prediction) = (config.process.schedule()?, config.process.prediction);
    let model = ModelConfig { network, schedule, prediction, classes };
    let data = fingerprint(&dataset);
    let (images, shape) = (dataset.len(), [shape.channels, shape.size[0], shape.size[1]]);
    let loader = Loader::new(Arc::new(dataset), loader_config(&config))?;
    let trainer = Trainer::new(config.clone(), model, loader, device)?;
    let (steps, seconds) = match config.run.length {
        Length::Steps(steps) => (Some(steps), None),
        Length::Minutes(minutes) => (None, Some(60.0 * minutes)),
    };
    let started = Started {
        step: 0,
        steps,
        seconds,
        images,
        shape,
        classes: count,
        parameters: trainer.optimiser().trainable(),
        batch: trainer.images_per_step(),
        resumed_from: None,
    };
    Ok(Setup { config, trainer, data, started, notes: notes.lines() })
}

/// A model's forward pass takes no random source, so a network that drops elements would be trained without that.
fn refuse_dropout(network: &NetworkConfig) -> Result<()> {
    match network.to_json().get("dropout").and_then(serde_json::Value::as_f64) {
        Some(rate) if rate > 0.0 => {
            let advice = "leave it out, or set it to 0";
            Err(Error::Meaning(format!(
                "model.dropout is {rate}, but training with dropout is not supported; {advice}"
            )))
        }
        _ => Ok(()),
    }
}

fn options(config: &DataConfig) -> Options {
    Options {
        size: config.size.map(|side| [side; 2]),
        channels: config.channels,
        classes: if config.labels {
            langevin_data::Classes::Auto
        } else {
            langevin_data::Classes::Off
        },
        strictness: if config.strict { Strictness::Strict } else { Strictness::Lenient },
        ..Options::default()
    }
}

fn loader_config(config: &TrainConfig) -> LoaderConfig {
    LoaderConfig {
        seed: config.run.seed,
        batch_size: config.run.batch,
        tail: Tail::Wrap,
        flip: if config.data.flip { Flip::Horizontal } else { Flip::Off },
    }
}

/// The classes to condition on; the null class is the one after the last and exists where labels are dropped.
fn classes(config: &TrainConfig, dataset: &Dataset) -> Option<Classes> {
    dataset.labels().filter(|_| config.data.labels)?;
    let names = dataset.class_names().to_vec();
    let null = (config.run.class_dropout > 0.0).then_some(names.len() as u32);
    Some(Classes { names, null })
}
