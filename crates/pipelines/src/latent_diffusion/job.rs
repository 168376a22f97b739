//! What is asked of a pipeline without prompts.

use langevin_schedulers::{Mode, Plan, RngKind};

/// Pictures to draw.
#[derive(Clone, Debug)]
pub struct Job {
    /// One class for each picture, where the pipeline knows classes.
    pub labels: Option<Vec<u32>>,
    /// One seed for each picture.
    pub seeds: Vec<u64>,
    /// The steps, as [`LatentDiffusion::plan`](super::LatentDiffusion::plan) gives them.
    pub plan: Plan,
    /// Scale of classifier-free guidance; 1 and below is none.
    pub guidance: f64,
    /// Whether known bugs of diffusers are reproduced.
    pub mode: Mode,
    /// Which generator draws the noise.
    pub rng: RngKind,
    /// Starting latents `[N, C, h, w]`, already at the first noise level, instead of drawn noise.
    pub start: Option<Vec<f32>>,
}
