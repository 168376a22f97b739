//! What is asked of a pipeline, and what it gives.

use burn::tensor::Tensor;
use langevin_schedulers::{Mode, Plan, RngKind};

use crate::Known;

/// What pictures are made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Words, and noise.
    #[default]
    Text,
    /// A picture.
    Picture,
    /// A picture of which a part is drawn anew.
    Mask,
}

/// What Python's pipeline takes where nobody says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// The number of steps.
    pub steps: usize,
    /// The scale of guidance.
    pub guidance: f64,
    /// How much a picture is changed.
    pub strength: f64,
}

/// A picture to start from, as the networks see it.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a run has one")]
pub enum Prepared {
    /// The latents that the way starts from.
    Latents(Known),
    /// An embedding `[1, P]` in place of a prompt.
    Embedding(Tensor<2>),
}

/// How the autoencoder makes the picture, and reads one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decoding {
    /// At once.
    #[default]
    Whole,
    /// In overlapping tiles of the size that it was trained on, whose memory does not grow with the picture.
    Tiles,
}

/// How prompts are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wording {
    /// As they are, cut off where they are too long.
    #[default]
    Plain,
    /// With the weights of [`emphasis`](crate::text::emphasis), and whole, whatever their length.
    Weighted,
}

/// Pictures to draw.
#[derive(Clone, Debug)]
pub struct Job {
    /// One prompt for each picture.
    pub prompts: Vec<String>,
    /// What pictures shall not show; `None` is the pipeline's own default.
    pub negative: Option<String>,
    /// How all of them are read.
    pub wording: Wording,
    /// One seed for each picture.
    pub seeds: Vec<u64>,
    /// Height and width in pixels, multiples of the autoencoder's reduction.
    pub size: [usize; 2],
    /// The steps.
    pub plan: Plan,
    /// Scale of guidance, classifier-free or embedded; 1 is none.
    pub guidance: f64,
    /// Share by which a guided output is brought back to the standard deviation of the prompt's own (Lin et al. 2024,
    /// eqs. 14–16), 0 to 1; classifier-free guidance only.
    pub rescale: f64,
    /// Layers of the text encoders that are left out at the end, for the prompt alone.
    pub clip_skip: usize,
    /// How the picture is made of the last latents.
    pub decoding: Decoding,
    /// Whether known bugs of diffusers' pipelines are reproduced.
    pub mode: Mode,
    /// Which generator draws the noise.
    pub rng: RngKind,
    /// Starting latents `[N, C, h, w]`, already at the first noise level, instead of drawn noise.
    pub start: Option<Vec<f32>>,
    /// A picture to start from.
    pub picture: Option<Prepared>,
}

impl Job {
    /// Whether nothing is drawn after picture `index`, so that networks can be let go.
    pub(crate) fn is_last(&self, index: usize) -> bool {
        index + 1 >= self.seeds.len()
    }
}

/// Where sampling stands: told once for each state, and once more when the picture is decoded.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Index of the picture.
    pub picture: usize,
    /// Pictures asked for in all.
    pub pictures: usize,
    /// States so far, 0 to `steps`.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The latents `[1, C, h, w]` at this state.
    pub latents: &'a Tensor<4>,
    /// What the network took the last state but one for without its noise, `[1, C, h, w]`; none before the first step.
    pub clean: Option<&'a Tensor<4>>,
}

/// One finished picture.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The last latents `[1, C, h, w]`.
    pub latents: Tensor<4>,
    /// The picture `[1, 3, H, W]`, about −1 to 1, not clamped.
    pub picture: Tensor<4>,
}
