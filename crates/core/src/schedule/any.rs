//! Any schedule, chosen at run time and written to configurations.

use serde::{Deserialize, Serialize};

use super::{
    Cosine, DdpmSchedule, Edm, Learned, LogLinear, OtPath, Rates, RectifiedFlow, Schedule,
    ShiftedFlow, Sigmoid, SubVp, Table, Ve, Vp,
};
use crate::{Error, Level, Result};

/// One of the schedules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AnySchedule {
    /// Discrete variance-preserving betas.
    Ddpm(DdpmSchedule),
    /// Continuous cosine.
    Cosine(Cosine),
    /// Straight path.
    RectifiedFlow(RectifiedFlow),
    /// Variance exploding, geometric.
    Ve(Ve),
    /// EDM.
    Edm(Edm),
    /// Continuous variance-preserving, linear beta.
    Vp(Vp),
    /// Sub-VP, linear beta.
    SubVp(SubVp),
    /// Continuous sigmoid.
    Sigmoid(Sigmoid),
    /// Log-SNR linear in time.
    LogLinear(LogLinear),
    /// A monotone network.
    Learned(Learned),
    /// `alpha_bar` by timestep.
    Table(Table),
    /// Straight path with a resolution shift.
    ShiftedFlow(ShiftedFlow),
    /// Straight path to a narrow Gaussian.
    OtPath(OtPath),
}

impl AnySchedule {
    /// Names of the schedules with their papers' parameters, for configurations, help texts and errors.
    pub const NAMES: &[&str] = &[
        "ddpm-linear",
        "scaled-linear",
        "squaredcos",
        "cosine",
        "rectified-flow",
        "ve",
        "edm",
        "vp",
        "sub-vp",
        "sigmoid",
        "log-linear",
        "shifted-flow",
        "ot-path",
    ];

    fn inner(&self) -> &dyn Schedule {
        match self {
            Self::Ddpm(schedule) => schedule,
            Self::Cosine(schedule) => schedule,
            Self::RectifiedFlow(schedule) => schedule,
            Self::Ve(schedule) => schedule,
            Self::Edm(schedule) => schedule,
            Self::Vp(schedule) => schedule,
            Self::SubVp(schedule) => schedule,
            Self::Sigmoid(schedule) => schedule,
            Self::LogLinear(schedule) => schedule,
            Self::Learned(schedule) => schedule,
            Self::Table(schedule) => schedule,
            Self::ShiftedFlow(schedule) => schedule,
            Self::OtPath(schedule) => schedule,
        }
    }
}

impl Schedule for AnySchedule {
    fn level(&self, t: f64) -> Level {
        self.inner().level(t)
    }

    fn time(&self, level: Level) -> f64 {
        self.inner().time(level)
    }

    fn rates(&self, t: f64) -> Rates {
        self.inner().rates(t)
    }

    fn steps(&self) -> usize {
        self.inner().steps()
    }

    fn timestep(&self, level: Level) -> f64 {
        self.inner().timestep(level)
    }

    fn time_of_timestep(&self, timestep: f64) -> f64 {
        self.inner().time_of_timestep(timestep)
    }
}

impl std::str::FromStr for AnySchedule {
    type Err = Error;

    /// A schedule by name, with its paper's parameters (`ve`: 0.01 to 50, NCSN's range for small images;
    /// `shifted-flow`: 3, that of Stable Diffusion 3).
    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "ddpm-linear" | "linear" => Self::Ddpm(DdpmSchedule::linear()),
            "scaled-linear" => Self::Ddpm(DdpmSchedule::scaled_linear()),
            "squaredcos" => Self::Ddpm(DdpmSchedule::cosine()),
            "cosine" => Self::Cosine(Cosine),
            "rectified-flow" => Self::RectifiedFlow(RectifiedFlow),
            "ve" => Self::Ve(Ve::new(0.01, 50.0)?),
            "edm" => Self::Edm(Edm::default()),
            "vp" => Self::Vp(Vp::default()),
            "sub-vp" => Self::SubVp(SubVp::default()),
            "sigmoid" => Self::Sigmoid(Sigmoid),
            "log-linear" => Self::LogLinear(LogLinear::default()),
            "shifted-flow" => Self::ShiftedFlow(ShiftedFlow::new(3.0)?),
            "ot-path" => Self::OtPath(OtPath::new(1e-4)?),
            _ => {
                return Err(Error::Name {
                    kind: "schedule",
                    found: name.to_owned(),
                    names: Self::NAMES,
                });
            }
        })
    }
}
