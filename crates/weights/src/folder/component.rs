//! One component of a pipeline: a configuration and, for networks, weights.

use std::path::{Path, PathBuf};

use super::WeightFiles;
use crate::non_finite::NonFinite;
use crate::{Config, Error, Result, Weights};

/// The configuration files of networks, schedulers and image processors.
const CONFIG_FILES: [&str; 3] =
    ["config.json", "scheduler_config.json", "preprocessor_config.json"];

/// An open component's folder.
#[derive(Debug)]
pub struct Component {
    folder: PathBuf,
    config: Config,
    variant: Option<String>,
    non_finite: NonFinite,
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
        Ok(Self { folder, config, variant: None, non_finite: NonFinite::default() })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same, with the weights of a variant such as `fp16` where there are some.
    pub fn with_variant(self, variant: Option<&str>) -> Self {
        Self { variant: variant.map(str::to_owned), ..self }
    }

    /// Which files hold its weights.
    ///
    /// # Errors
    /// Those of [`WeightFiles::find`].
    pub fn weight_files(&self) -> Result<WeightFiles> {
        WeightFiles::find(&self.folder, self.variant.as_deref())
    }

    /// Opens its weights.
    ///
    /// # Errors
    /// Those of [`WeightFiles::find`] and [`Weights::open`].
    pub fn weights(&self) -> Result<Weights> {
        Ok(Weights::open(self.weight_files()?.path)?.noting(self.non_finite.clone()))
    }

    /// What is worth saying: about the choice of the weights, and about numbers read so far that are not finite.
    pub fn notes(&self) -> Vec<String> {
        let choice = self.weight_files().ok().and_then(|files| files.note);
        choice.into_iter().chain(self.non_finite.sentences()).collect()
    }

    /// The same, noting what is not finite in a list that others share.
    pub(super) fn noting(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }
}

/// The configuration file of a component's folder, if it has one.
pub(super) fn config_file(folder: &Path) -> Option<PathBuf> {
    CONFIG_FILES.iter().map(|name| folder.join(name)).find(|path| path.exists())
}
