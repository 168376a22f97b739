//! The noise schedule of `[process]`: a name, and the parameters that this name has.

use langevin_core::{AnySchedule, Betas, Cosine, DdpmSchedule, Edm, Prediction, RectifiedFlow, Ve};
use serde::ser::SerializeMap;

use super::source::Source;
use crate::Result;
use crate::time_distribution::{LogNormal, LogitNormal, TimeDistribution, Uniform};

/// A noise schedule as the configuration describes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScheduleConfig {
    /// `ddpm-linear`, `scaled-linear` or `squaredcos`: integer timesteps of variance-preserving noise.
    Ddpm {
        /// How the betas run.
        betas: Betas,
        /// First beta.
        beta_start: f64,
        /// Last beta.
        beta_end: f64,
        /// How many betas there are.
        timesteps: usize,
    },
    /// `cosine`: continuous.
    Cosine,
    /// `rectified-flow`: the straight path.
    RectifiedFlow,
    /// `ve`: noise added to unscaled data, geometric.
    Ve {
        /// Smallest noise.
        sigma_min: f64,
        /// Largest noise.
        sigma_max: f64,
    },
    /// `edm`: noise added to unscaled data, even in its seventh root.
    Edm {
        /// Smallest noise.
        sigma_min: f64,
        /// Largest noise.
        sigma_max: f64,
    },
}

const DDPM_KEYS: [&str; 3] = ["process.beta_start", "process.beta_end", "process.timesteps"];
const SIGMA_KEYS: [&str; 2] = ["process.sigma_min", "process.sigma_max"];

impl ScheduleConfig {
    const NAMES: [(&str, Self); 7] = [
        ("rectified-flow", Self::RectifiedFlow),
        ("ddpm-linear", Self::ddpm(Betas::Linear, 1e-4, 0.02)),
        ("scaled-linear", Self::ddpm(Betas::ScaledLinear, 0.000_85, 0.012)),
        ("squaredcos", Self::ddpm(Betas::Cosine, 1e-4, 0.02)),
        ("cosine", Self::Cosine),
        ("ve", Self::Ve { sigma_min: 0.01, sigma_max: 50.0 }),
        ("edm", Self::Edm { sigma_min: 0.002, sigma_max: 80.0 }),
    ];

    const fn ddpm(betas: Betas, beta_start: f64, beta_end: f64) -> Self {
        Self::Ddpm { betas, beta_start, beta_end, timesteps: 1000 }
    }

    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let mut schedule =
            source.choice("process.schedule", &Self::NAMES)?.unwrap_or(Self::RectifiedFlow);
        let beta = |v: f64| v > 0.0 && v < 1.0;
        let between = "a number between 0 and 1";
        let mut unused: Vec<&str> = Vec::new();
        match &mut schedule {
            Self::Ddpm { beta_start, beta_end, timesteps, .. } => {
                *beta_start = source.number("process.beta_start", *beta_start, between, beta)?;
                *beta_end = source.number("process.beta_end", *beta_end, between, beta)?;
                *timesteps =
                    source.whole("process.timesteps", *timesteps as u64, 1..=1_000_000)? as usize;
                unused.extend(SIGMA_KEYS);
            }
            Self::Ve { sigma_min, sigma_max } | Self::Edm { sigma_min, sigma_max } => {
                *sigma_min =
                    source.number("process.sigma_min", *sigma_min, "a positive number", |v| {
                        v > 0.0
                    })?;
                let least = *sigma_min;
                let expected = format!("a number above sigma_min, which is {least}");
                *sigma_max =
                    source.number("process.sigma_max", *sigma_max, &expected, |v| v > least)?;
                unused.extend(DDPM_KEYS);
            }
            Self::Cosine | Self::RectifiedFlow => {
                unused.extend(SIGMA_KEYS.iter().chain(&DDPM_KEYS))
            }
        }
        source.refuse_keys(&unused, "another schedule")?;
        Ok(schedule)
    }

    /// The schedule itself.
    ///
    /// # Errors
    /// Where the numbers make no schedule.
    pub fn build(self) -> Result<AnySchedule> {
        Ok(match self {
            Self::Ddpm { betas, beta_start, beta_end, timesteps } => {
                AnySchedule::Ddpm(DdpmSchedule::new(betas, beta_start, beta_end, timesteps)?)
            }
            Self::Cosine => AnySchedule::Cosine(Cosine),
            Self::RectifiedFlow => AnySchedule::RectifiedFlow(RectifiedFlow),
            Self::Ve { sigma_min, sigma_max } => AnySchedule::Ve(Ve::new(sigma_min, sigma_max)?),
            Self::Edm { sigma_min, sigma_max } => AnySchedule::Edm(Edm::new(sigma_min, sigma_max)?),
        })
    }

    /// How many timesteps a discrete schedule has.
    pub fn timesteps(self) -> Option<usize> {
        match self {
            Self::Ddpm { timesteps, .. } => Some(timesteps),
            _ => None,
        }
    }

    /// What is usually predicted with this schedule.
    pub(super) fn usual_prediction(self) -> Prediction {
        match self {
            Self::Ddpm { .. } | Self::Ve { .. } => Prediction::Noise,
            Self::Cosine => Prediction::V,
            Self::RectifiedFlow => Prediction::Flow,
            Self::Edm { .. } => Prediction::Edm { sigma_data: 0.5 },
        }
    }

    /// The times usually trained on with this schedule.
    pub(super) fn usual_time(self) -> TimeDistribution {
        match self {
            Self::Ddpm { .. } | Self::Ve { .. } | Self::Cosine => {
                TimeDistribution::Uniform(Uniform)
            }
            Self::RectifiedFlow => TimeDistribution::LogitNormal(LogitNormal::default()),
            Self::Edm { .. } => TimeDistribution::LogNormal(LogNormal::default()),
        }
    }

    /// Writes the keys that [`read`](Self::read) reads.
    pub(super) fn write<M: SerializeMap>(self, map: &mut M) -> std::result::Result<(), M::Error> {
        let same = |other: Self| match (self, other) {
            (Self::Ddpm { betas, .. }, Self::Ddpm { betas: other, .. }) => betas == other,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        };
        let name = Self::NAMES.iter().find(|(_, schedule)| same(*schedule)).map(|(name, _)| name);
        map.serialize_entry("schedule", name.expect("every schedule has a name"))?;
        match self {
            Self::Ddpm { beta_start, beta_end, timesteps, .. } => {
                map.serialize_entry("beta_start", &beta_start)?;
                map.serialize_entry("beta_end", &beta_end)?;
                map.serialize_entry("timesteps", &timesteps)
            }
            Self::Ve { sigma_min, sigma_max } | Self::Edm { sigma_min, sigma_max } => {
                map.serialize_entry("sigma_min", &sigma_min)?;
                map.serialize_entry("sigma_max", &sigma_max)
            }
            Self::Cosine | Self::RectifiedFlow => Ok(()),
        }
    }
}
