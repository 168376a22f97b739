//! A model on disk: a diffusers folder, with `langevin.json` beside `model_index.json` for what diffusers has no place for.
//!
//! ```text
//! model_index.json                              pipeline class and components
//! unet/config.json, unet/diffusion_pytorch_model.safetensors
//! scheduler/scheduler_config.json               schedule and prediction
//! langevin.json                                 class names and the null class
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use langevin_nn::{NetworkConfig, params};
use langevin_weights::folder::{Component, ModelFolder, Part, PartFiles, Pipeline, save_pipeline};
use langevin_weights::{Config, TensorRef, Values};
use serde_json::{Map, Value, json};

use crate::{Classes, Error, Holding, Model, ModelConfig, Result, load_component, scheduler};

/// The file of what diffusers has no place for; a folder that holds one was written by Langevin.
pub const OWN_FILE: &str = "langevin.json";

impl Model {
    /// Reads a model folder.
    ///
    /// # Errors
    /// Where the folder, a configuration or a weight is missing, damaged or of a kind that is not supported.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let ModelFolder::Pipeline(pipeline) = ModelFolder::open(folder)? else {
            let reason =
                "a model needs its scheduler as well: give the folder that holds model_index.json"
                    .to_owned();
            return Err(Error::Component { path: folder.to_owned(), reason });
        };
        Self::load_pipeline(&pipeline, device)
    }

    /// Reads the model of an open folder.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_pipeline(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        let unet = pipeline.component("unet")?;
        let (schedule, prediction) = scheduler::read(pipeline.component("scheduler")?.config())?;
        let (network, weights) = load_network(&unet, device)?;
        let classes = read_classes(pipeline, &network)?;
        let config = ModelConfig { network, schedule, prediction, classes };
        config.check()?;
        Ok(Self { network: weights, config })
    }

    /// Writes the model folder, as a whole or not at all; an older one at the same place is replaced.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let (scheduler_class, scheduler) =
            scheduler::write(&self.config.schedule, self.config.prediction);
        let Value::Object(mut network) = self.config.network.to_json() else {
            unreachable!("a network's configuration is an object")
        };
        network.retain(|key, _| !key.starts_with('_'));
        let tensors = params::collect(&self.network);
        let tensors: Vec<TensorRef<'_>> = tensors
            .iter()
            .map(|(name, shape, values)| TensorRef { name, shape, values: Values::F32(values) })
            .collect();
        let class = self.config.network.class_name();
        let library = |ours: bool| if ours { "langevin" } else { "diffusers" };
        let foreign = class == langevin_nn::UNet2DConfig::CLASS_NAME
            && scheduler::is_diffusers(scheduler_class);
        let unet = Part {
            library: library(class != langevin_nn::UNet2DConfig::CLASS_NAME),
            class,
            config: &network,
            files: PartFiles::Network(&tensors),
        };
        let scheduler = Part {
            library: library(!scheduler::is_diffusers(scheduler_class)),
            class: scheduler_class,
            config: &scheduler,
            files: PartFiles::Scheduler,
        };
        let own = Map::from_iter([
            ("format".to_owned(), json!(1)),
            ("classes".to_owned(), json!(self.config.classes)),
        ]);
        let own = langevin_weights::pretty(&own);
        save_pipeline(
            folder,
            if foreign { "DDPMPipeline" } else { "LangevinPipeline" },
            &BTreeMap::from([("unet", unet), ("scheduler", scheduler)]),
            &Map::new(),
            &[(OWN_FILE, own.as_bytes())],
        )?;
        Ok(())
    }
}

/// Builds a component's network and reads its weights.
///
/// # Errors
/// Where the class is not one of ours, or a tensor is missing, misshapen or left over.
pub fn load_network(
    component: &Component,
    device: &Device,
) -> Result<(NetworkConfig, langevin_nn::Network)> {
    load_component::<NetworkConfig>(component, Holding::Single, device)
}

/// Settings of the folder's configurations that this version does not know, as `file: key`.
///
/// # Errors
/// Where the folder or a configuration cannot be read.
pub fn unused_keys(folder: &Path) -> Result<Vec<String>> {
    let component = match ModelFolder::open(folder)? {
        ModelFolder::Component(component) => component,
        ModelFolder::Pipeline(pipeline) => pipeline.component("unet")?,
    };
    let config = NetworkConfig::from_json(&Value::Object(component.config().values().clone()))?;
    Ok(config
        .unknown_keys()
        .into_iter()
        .map(|key| format!("{}: {key}", component.config().path().display()))
        .collect())
}

/// The classes of `langevin.json`, or as many as the class table has rows.
fn read_classes(pipeline: &Pipeline, network: &NetworkConfig) -> Result<Option<Classes>> {
    let path = pipeline.folder().join(OWN_FILE);
    if !path.exists() {
        let rows = network.num_class_embeds();
        return Ok(rows.map(|rows| Classes {
            names: (0..rows).map(|k| k.to_string()).collect(),
            null: None,
        }));
    }
    let refused = |reason: String| Error::Component { path: path.clone(), reason };
    let config = Config::read(&path)?;
    let format: u64 = config.get("format")?;
    if format != 1 {
        return Err(refused(format!(
            "format {format} was written by another version of langevin; this one reads 1"
        )));
    }
    let classes = config.values().get("classes").cloned().unwrap_or(Value::Null);
    serde_json::from_value(classes).map_err(|error| refused(format!("classes: {error}")))
}
