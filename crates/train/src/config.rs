//! The configuration of a training run: TOML with a default for everything but the data.
//!
//! Every value is checked when it is read, and every complaint names the key, the line, the value and what is allowed.

mod continuation;
mod data;
mod ema;
mod interval;
mod network;
mod optimiser;
mod prediction;
mod preset;
mod process;
mod run;
mod samples;
mod schedule;
mod source;

pub use data::DataConfig;
pub use ema::EmaConfig;
pub use interval::Interval;
pub use network::{DataShape, NetworkChoice, NetworkClass};
pub use optimiser::{Decay, OptimiserConfig};
pub use preset::{PRESETS, preset};
pub use process::{Draws, ProcessConfig};
pub use run::{Length, RunConfig};
pub use samples::{SamplesConfig, Shown};
pub use schedule::ScheduleConfig;

use serde::Serialize;

use crate::Result;
use source::Source;

/// Everything that determines a training run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrainConfig {
    /// Which pictures to learn from.
    pub data: DataConfig,
    /// The network.
    pub model: NetworkChoice,
    /// Noise schedule, prediction and training times.
    pub process: ProcessConfig,
    /// AdamW and its learning rate.
    pub optimiser: OptimiserConfig,
    /// The average of the weights.
    pub ema: EmaConfig,
    /// Length, batches and what is written on the way.
    pub run: RunConfig,
    /// The contact sheets.
    pub samples: SamplesConfig,
}

impl TrainConfig {
    /// Reads a configuration and lays `overrides` over it: pairs of a dotted key and a TOML value or bare text, such as
    /// `("optimiser.lr", "2e-3")`.
    ///
    /// ```
    /// let text = "[data]\nsource = \"digits\"\n\n[run]\nsteps = 2000\n";
    /// let overrides = [("optimiser.lr".to_owned(), "2e-3".to_owned())];
    /// let config = langevin_train::TrainConfig::from_toml(text, &overrides)?;
    /// assert_eq!(config.optimiser.lr, 0.002);
    ///
    /// let error = langevin_train::TrainConfig::from_toml("[optimizer]\nlr = 1.0", &[]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "optimizer.lr (line 2) is not a key of the configuration; did you mean optimiser.lr?"
    /// );
    /// # Ok::<(), langevin_train::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong, in one sentence.
    pub fn from_toml(text: &str, overrides: &[(String, String)]) -> Result<Self> {
        let mut source = Source::parse(text, overrides)?;
        let config = Self {
            model: NetworkChoice::read(&mut source)?,
            process: ProcessConfig::read(&mut source)?,
            optimiser: OptimiserConfig::read(&mut source)?,
            ema: EmaConfig::read(&mut source)?,
            run: RunConfig::read(&mut source)?,
            samples: SamplesConfig::read(&mut source)?,
            data: DataConfig::read(&mut source)?,
        };
        source.finish()?;
        config.data.check_given()?;
        Ok(config)
    }

    /// Writes the configuration with every value spelled out; [`from_toml`](Self::from_toml) reads it back unchanged.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("sections of numbers, texts and lists are TOML")
    }
}
