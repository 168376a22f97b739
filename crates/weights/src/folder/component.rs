//! One component of a pipeline: a configuration and, for networks, weights.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::WeightFiles;
use crate::non_finite::NonFinite;
use crate::single_file::Checkpoint;
use crate::{Config, Error, Result, Weights};

/// The configuration files of networks, schedulers and image processors.
const CONFIG_FILES: [&str; 3] =
    ["config.json", "scheduler_config.json", "preprocessor_config.json"];

/// An open component's folder.
#[derive(Debug)]
pub struct Component {
    folder: PathBuf,
    config: Config,
    source: Source,
    non_finite: NonFinite,
}

/// Where the weights lie.
#[derive(Debug)]
enum Source {
    /// In the folder, perhaps as a variant.
    Folder(Option<String>),
    /// In a file with those of other networks, as the part of this name.
    File(Arc<Checkpoint>, String),
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
        Ok(Self { folder, config, source: Source::Folder(None), non_finite: NonFinite::default() })
    }

    /// A part of a file that holds several networks.
    pub(super) fn of(file: &Arc<Checkpoint>, part: &str) -> Option<Self> {
        let values = file.parts.get(part)?.config.clone();
        Some(Self {
            folder: file.path.clone(),
            config: Config::of(file.path.join(part), values),
            source: Source::File(Arc::clone(file), part.to_owned()),
            non_finite: NonFinite::default(),
        })
    }

    /// Where it lies: its folder, or the file that it is a part of.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same, with the weights of a variant such as `fp16` where there are some.
    pub fn with_variant(mut self, variant: Option<&str>) -> Self {
        if let Source::Folder(chosen) = &mut self.source {
            *chosen = variant.map(str::to_owned);
        }
        self
    }

    /// Opens its weights.
    ///
    /// # Errors
    /// Those of [`WeightFiles::find`] and [`Weights::open`].
    pub fn weights(&self) -> Result<Weights> {
        let weights = match &self.source {
            Source::Folder(variant) => {
                Weights::open(WeightFiles::find(&self.folder, variant.as_deref())?.path)?
            }
            Source::File(file, part) => file.weights(part)?,
        };
        Ok(weights.noting(self.non_finite.clone()))
    }

    /// What is worth saying about the choice of the weights.
    pub(super) fn choice(&self) -> Option<String> {
        match &self.source {
            Source::Folder(variant) => {
                WeightFiles::find(&self.folder, variant.as_deref()).ok()?.note
            }
            Source::File(..) => None,
        }
    }

    /// What is worth saying: about the choice of the weights, and about numbers read so far that are not finite.
    pub fn notes(&self) -> Vec<String> {
        self.choice().into_iter().chain(self.non_finite.sentences()).collect()
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
