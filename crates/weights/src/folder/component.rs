//! One component of a pipeline: a configuration and, for networks, weights.

use std::path::{Path, PathBuf};

use crate::{Config, Error, Result, Weights};

/// The configuration files of networks, schedulers and image processors.
const CONFIG_FILES: [&str; 3] =
    ["config.json", "scheduler_config.json", "preprocessor_config.json"];

/// What weights are called by diffusers and by transformers.
const STEMS: [&str; 2] = ["diffusion_pytorch_model", "model"];

/// An open component's folder.
#[derive(Debug)]
pub struct Component {
    folder: PathBuf,
    config: Config,
}

impl Component {
    /// Opens a folder with a `config.json`, `scheduler_config.json` or `preprocessor_config.json`.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is none of them, and those of [`Config::read`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        let file = config_file(&folder)
            .ok_or_else(|| Error::Missing { path: folder.join(CONFIG_FILES[0]) })?;
        let config = Config::read(file)?;
        Ok(Self { folder, config })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Opens its weights, those of diffusers' name before those of transformers'.
    ///
    /// # Errors
    /// Those of [`Weights::find`].
    pub fn weights(&self, variant: Option<&str>) -> Result<Weights> {
        match Weights::find(&self.folder, STEMS[0], variant) {
            // The first error names what diffusers' networks lack; it stands if neither is there.
            Err(missing @ Error::NoWeights { .. }) => {
                match Weights::find(&self.folder, STEMS[1], variant) {
                    Err(Error::NoWeights { .. }) => Err(missing),
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }
}

/// The configuration file of a component's folder, if it has one.
pub(super) fn config_file(folder: &Path) -> Option<PathBuf> {
    CONFIG_FILES.iter().map(|name| folder.join(name)).find(|path| path.exists())
}
