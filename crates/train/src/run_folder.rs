//! The folder of one training run:
//!
//! ```text
//! run.json        format version, version of Langevin, seed; written last, so a folder with it is complete
//! run.lock        locked while a process trains here
//! config.toml     the resolved configuration
//! metrics.jsonl   one line per logged step
//! checkpoints/    step-00000500/ …: everything needed to continue
//! samples/        step-00000500-ema.png, step-00000500-raw.png
//! model/          the averaged weights as a diffusers folder
//! ```

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use langevin_weights::atomic;
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::{Error, Result};

/// The version of the layout above; a folder of another version is refused.
pub const RUN_FORMAT: u64 = 1;

/// What `run.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// [`RUN_FORMAT`] of the version that started the run.
    pub format_version: u64,
    /// The version of Langevin that started the run.
    pub langevin_version: String,
    /// The seed of everything random.
    pub seed: u64,
}

/// The paths of a run; making one touches nothing on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// The run in the folder `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The resolved configuration.
    pub fn config_path(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// The log of losses and learning rates.
    pub fn metrics_path(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    /// The folder of the checkpoints.
    pub fn checkpoints_path(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The folder of the contact sheets.
    pub fn samples_path(&self) -> PathBuf {
        self.root.join("samples")
    }

    /// The diffusers folder of the averaged weights.
    pub fn model_path(&self) -> PathBuf {
        self.root.join("model")
    }

    fn info_path(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// Checks that a new run may start here.
    ///
    /// # Errors
    /// [`Error::FolderExists`] where a run, or anything else, would be overwritten.
    pub fn check_free(&self) -> Result<()> {
        // What an interrupted start leaves behind is no run yet.
        const SKELETON: [&str; 4] = ["config.toml", "run.lock", "checkpoints", "samples"];
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("open", &self.root)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(Error::io("open", &self.root))?;
            let temporary = |name: &str| name.starts_with('.') && name.ends_with(".tmp");
            let ours = entry
                .file_name()
                .to_str()
                .is_some_and(|name| SKELETON.contains(&name) || temporary(name));
            let full =
                std::fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_some());
            if !ours || full {
                return Err(Error::FolderExists(self.root.clone()));
            }
        }
        Ok(())
    }

    /// What `run.json` says.
    ///
    /// # Errors
    /// Where the folder is not a run, is damaged, or was made by a version with another format.
    pub fn info(&self) -> Result<RunInfo> {
        let path = self.info_path();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::NotARun(self.root.clone()));
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let json: serde_json::Value =
            serde_json::from_slice(&text).map_err(|e| Error::damaged(&path, e.to_string()))?;
        let format = json.get("format_version").unwrap_or(&serde_json::Value::Null);
        if format.as_u64() != Some(RUN_FORMAT) {
            return Err(Error::OtherVersion {
                path: self.root.clone(),
                found: format.to_string(),
                expected: RUN_FORMAT,
            });
        }
        serde_json::from_value(json).map_err(|e| Error::damaged(&path, e.to_string()))
    }

    /// The configuration that the run was started with.
    ///
    /// # Errors
    /// Where the folder is not a run of this version, or its configuration cannot be read.
    pub fn config(&self) -> Result<TrainConfig> {
        self.info()?;
        let path = self.config_path();
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        TrainConfig::from_toml(&text, &[])
    }

    /// Makes the folder and keeps every other process from training in it until the lock is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        std::fs::create_dir_all(&self.root).map_err(Error::io("make the folder", &self.root))?;
        let path = self.root.join("run.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(self.root.clone())),
            // A file system without locks cannot protect itself; that is no reason to refuse it.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                Ok(file)
            }
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }

    /// Writes everything that makes the folder a run; the caller holds the lock.
    pub(crate) fn create(&self, config: &TrainConfig) -> Result<()> {
        for folder in [self.checkpoints_path(), self.samples_path()] {
            std::fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
        }
        self.write_config(config)?;
        let info = RunInfo {
            format_version: RUN_FORMAT,
            langevin_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: config.run.seed,
        };
        let mut text = serde_json::to_string_pretty(&info).expect("texts and numbers are JSON");
        text.push('\n');
        Ok(atomic::write_bytes(self.info_path(), text.as_bytes())?)
    }

    /// Replaces the configuration.
    pub(crate) fn write_config(&self, config: &TrainConfig) -> Result<()> {
        Ok(atomic::write_bytes(self.config_path(), config.to_toml().as_bytes())?)
    }
}
