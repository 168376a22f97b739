//! The pipeline class of a folder from elsewhere, where it says how the scheduler is used.
//!
//! | class | what it does |
//! |---|---|
//! | `DDPMPipeline` | neither the noise nor what the network sees is scaled |
//! | `DDIMPipeline` | runs the settings of any scheduler as `DDIMScheduler` |
//! | `ScoreSdeVePipeline` | tells the network the noise level; the picture is the mean of the last state, from 0 to 1 |

use langevin_schedulers::{Config, Mode, Plan, Request};

use crate::Result;

/// A class of pipelines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PipelineClass {
    /// `DDPMPipeline`.
    Ddpm,
    /// `DDIMPipeline`.
    Ddim,
    /// `ScoreSdeVePipeline`.
    ScoreSdeVe,
    /// Any other, which uses its scheduler as it is made to be used.
    #[default]
    Other,
}

/// What the numbers of a finished picture are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// From −1, black, to 1, white.
    #[default]
    Signed,
    /// From 0 to 1.
    Unit,
}

impl PipelineClass {
    /// The class of this name in `model_index.json`.
    pub fn named(name: &str) -> Self {
        match name {
            "DDPMPipeline" => Self::Ddpm,
            "DDIMPipeline" => Self::Ddim,
            "ScoreSdeVePipeline" => Self::ScoreSdeVe,
            _ => Self::Other,
        }
    }

    /// The steps that are taken where nobody says how many.
    pub fn usual_steps(self) -> usize {
        match self {
            Self::Ddpm => 1000,
            Self::ScoreSdeVe => 2000,
            Self::Ddim | Self::Other => 50,
        }
    }

    /// What the numbers of its pictures are.
    pub fn range(self) -> Range {
        if self == Self::ScoreSdeVe { Range::Unit } else { Range::Signed }
    }

    /// The scheduler's plan as the pipeline uses it. [`Mode::Fixed`] scales what a scheduler asks to be scaled.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan(self, scheduler: &Config, request: &Request) -> Result<Plan> {
        let plan = |scheduler: &Config| Plan::new(scheduler, request);
        Ok(match self {
            Self::Ddim => plan(&scheduler.clone().for_class("DDIMScheduler"))?,
            Self::Ddpm if request.mode == Mode::AsDiffusers => plan(scheduler)?.without_scaling(),
            Self::ScoreSdeVe => plan(scheduler)?.as_score_sde_ve(),
            Self::Ddpm | Self::Other => plan(scheduler)?,
        })
    }
}
