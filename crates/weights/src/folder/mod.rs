//! Model folders in the layout of diffusers.
//!
//! ```text
//! model_index.json                                the pipeline's class and its components
//! unet/config.json                                a component: its class and settings …
//! unet/diffusion_pytorch_model.safetensors        … and its weights
//! scheduler/scheduler_config.json                 a component without weights
//! ```
//!
//! `model_index.json` maps each component to `[library, class]`, or to `[null, null]` where the
//! pipeline does without it.
//! A component's folder can also stand alone.

mod component;
mod pipeline;
mod save;
mod weight_files;

pub use component::Component;
pub use pipeline::{ComponentClass, Pipeline, TokenizerPlace};
pub use save::{Part, PartFiles, save_component, save_pipeline};
pub use weight_files::WeightFiles;

use std::path::Path;
use std::sync::Arc;

use crate::single_file::Checkpoint;
use crate::{Error, Result};

/// The version of diffusers whose formats are written.
pub const DIFFUSERS_VERSION: &str = "0.42.1";

/// The file that makes a folder a pipeline.
pub const MODEL_INDEX: &str = "model_index.json";

/// A model folder: a pipeline of components, or one component alone.
#[derive(Debug)]
pub enum ModelFolder {
    /// A folder with `model_index.json`.
    Pipeline(Pipeline),
    /// A folder with `config.json`.
    Component(Component),
}

impl ModelFolder {
    /// The same, with the weights of a variant such as `fp16` where there are some.
    pub fn with_variant(self, variant: Option<&str>) -> Self {
        match self {
            Self::Pipeline(pipeline) => Self::Pipeline(pipeline.with_variant(variant)),
            Self::Component(component) => Self::Component(component.with_variant(variant)),
        }
    }

    /// The same, with the tokenizers of another folder, for a file that holds a pipeline.
    pub fn with_tokenizers(self, folder: Option<&Path>) -> Self {
        match self {
            Self::Pipeline(pipeline) => Self::Pipeline(pipeline.with_tokenizers(folder)),
            component => component,
        }
    }

    /// Opens a folder of either kind, or a file that holds what a folder could; weights are not opened yet.
    ///
    /// # Errors
    /// [`Error::Missing`] for a wrong path, [`Error::NoModel`] for a folder of neither kind,
    /// [`Error::Checkpoint`] for a file of neither kind, and those of [`Pipeline::open`] and
    /// [`Component::open`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = crate::atomic::existing(folder);
        let found = std::fs::metadata(&folder).map_err(|reason| Error::reading(&folder, reason))?;
        if !found.is_dir() {
            return Self::open_file(&folder);
        }
        if folder.join(MODEL_INDEX).exists() {
            return Pipeline::open(&folder).map(Self::Pipeline);
        }
        if component::config_file(&folder).is_some() {
            return Component::open(&folder).map(Self::Component);
        }
        Err(Error::NoModel { folder })
    }

    fn open_file(path: &Path) -> Result<Self> {
        let mut file = Checkpoint::open(path)?;
        if let Some(index) = file.index.take() {
            return Pipeline::of(file, index).map(Self::Pipeline);
        }
        let part = file.parts.keys().next().cloned().unwrap_or_default();
        let none = || Error::NoModel { folder: path.to_owned() };
        Component::of(&Arc::new(file), &part).map(Self::Component).ok_or_else(none)
    }
}
