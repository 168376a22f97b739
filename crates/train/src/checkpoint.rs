//! One checkpoint: a folder `step-00000500` that holds everything needed to continue a run bit for bit.
//!
//! ```text
//! training.safetensors   weights.NAME, first_moment.NAME, second_moment.NAME, ema.NAME for every parameter
//! state.json             step, seconds, configuration, what the data was, and the hash of training.safetensors
//! ```
//!
//! Training has no random state besides the step number, so there is none to save. The folder is written under
//! another name, flushed and renamed: it is whole or it is not there.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use langevin_weights::{TensorFile, atomic};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, OptimiserState, Result, TrainConfig};

/// The version of the layout above.
const FORMAT: u64 = 1;
const TENSORS: &str = "training.safetensors";
const STATE: &str = "state.json";

/// Where a run stands, apart from its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Optimiser steps done.
    pub step: u64,
    /// The resolved configuration, as TOML.
    pub config: String,
    /// Seconds of training so far, all sittings together.
    pub seconds: f64,
    /// Fingerprint of the data set; see [`fingerprint`](crate::fingerprint()).
    pub data: String,
    /// Sum of the losses that no line of the metrics has reported yet.
    pub unreported_loss: f64,
    /// How many losses that sum has.
    pub unreported_steps: u64,
}

impl TrainingState {
    /// The state of a run that has done no step.
    pub(crate) fn fresh(config: &TrainConfig, data: String) -> Self {
        Self {
            step: 0,
            config: config.to_toml(),
            seconds: 0.0,
            data,
            unreported_loss: 0.0,
            unreported_steps: 0,
        }
    }

    /// Checks that a run with this configuration and these data may go on from here.
    pub(crate) fn check_continues(&self, config: &TrainConfig, data: &str) -> Result<()> {
        config.check_continues(&TrainConfig::from_toml(&self.config, &[])?)?;
        if self.data != data {
            let advice = "restore them, or start a new run";
            return Err(Error::Changed(format!(
                "the training images are not those that it was started with; {advice}"
            )));
        }
        Ok(())
    }
}

/// A run at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Where the run stands.
    pub state: TrainingState,
    /// The weights, in the order of the optimiser's arrays.
    pub weights: Vec<f32>,
    /// The optimiser's moments and average.
    pub optimiser: Arc<OptimiserState>,
}

#[derive(Serialize, Deserialize)]
struct StateFile {
    format_version: u64,
    langevin_version: String,
    #[serde(flatten)]
    state: TrainingState,
    tensors_sha256: String,
}

impl Checkpoint {
    /// Writes the folder `folder`, which appears only when it is complete and on disk.
    ///
    /// # Errors
    /// Where the disk is full, read-only or failing; nothing else is touched then.
    pub fn save(&self, folder: &Path) -> Result<()> {
        atomic::write_dir(folder, |temporary| {
            let path = temporary.join(TENSORS);
            self.optimiser.write(&path, &self.weights)?;
            let file = StateFile {
                format_version: FORMAT,
                langevin_version: env!("CARGO_PKG_VERSION").to_owned(),
                state: self.state.clone(),
                tensors_sha256: sha256(&path)?,
            };
            let mut text =
                serde_json::to_string_pretty(&file).expect("finite numbers and texts are JSON");
            text.push('\n');
            let path = temporary.join(STATE);
            std::fs::write(&path, text).map_err(Error::io("write", &path))
        })
    }

    /// Reads the folder `folder` back; `template` says which parameters there must be.
    ///
    /// # Errors
    /// Where a file is missing, cut short, changed, of another version or of another network.
    pub fn load(folder: &Path, template: &OptimiserState) -> Result<Self> {
        let path = folder.join(STATE);
        let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let file: StateFile =
            serde_json::from_slice(&text).map_err(|e| Error::damaged(&path, e.to_string()))?;
        if file.format_version != FORMAT {
            let reason = format!(
                "it has format {}, and this version reads format {FORMAT}",
                file.format_version
            );
            return Err(Error::damaged(&path, reason));
        }
        let path = folder.join(TENSORS);
        if sha256(&path)? != file.tensors_sha256 {
            return Err(Error::damaged(&path, "its SHA-256 is not the one in state.json"));
        }
        let tensors = TensorFile::open(&path)?;
        let (weights, optimiser) = template.with_tensors(&tensors)?;
        Ok(Self { state: file.state, weights, optimiser: Arc::new(optimiser) })
    }
}

/// SHA-256 of a file, in hexadecimal.
fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hash.update(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("read", path)(error)),
        }
    }
    Ok(hex(&hash.finalize()))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all writes");
        text
    })
}
