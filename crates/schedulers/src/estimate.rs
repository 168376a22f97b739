//! What happens to the clean estimate before the step: nothing, clipping to a range, or dynamic thresholding.
//!
//! Dynamic thresholding (Saharia et al. 2022, Imagen, §2.3): `s` is a quantile of `|clean|` over one sample, at least 1
//! and at most a limit; `clean' = clamp(clean, −s, s)/s`.

use langevin_core::State;

use crate::Learned;

/// What is done to the clean estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Estimate {
    /// Nothing.
    #[default]
    Plain,
    /// Every number is clamped to `[−range, range]`.
    Clip {
        /// The largest magnitude.
        range: f64,
    },
    /// Dynamic thresholding.
    Threshold {
        /// Which quantile of the magnitudes of one sample, in `[0, 1]`.
        ratio: f64,
        /// The largest threshold.
        max: f64,
    },
}

/// What stays where the clean estimate is changed: `x = alpha · clean + sigma · noise` ties the three together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The state; the noise is implied anew.
    #[default]
    State,
    /// The noise; the state that the step starts from moves.
    Noise,
    /// The scaled state that the network sees, which takes the place of the state before it is read; see
    /// [`Plan::stepping_from_seen`](crate::Plan::stepping_from_seen).
    Seen,
}

/// A state whose clean estimate can be clipped: one sample or a batch of them.
pub trait Sample: State {
    /// Every number clamped to `[−range, range]`.
    fn clip(self, range: f64) -> Self;

    /// Dynamic thresholding of each sample by its own quantile.
    fn threshold(self, ratio: f64, max: f64) -> Self;

    /// Channels of a sample.
    fn channels(&self) -> usize;

    /// The first `channels` of each sample, and the others.
    fn split_channels(self, channels: usize) -> (Self, Self);

    /// The standard deviations that these numbers stand for.
    fn deviation(self, learned: Learned) -> Self;

    /// The product of each number with its counterpart.
    fn product(self, other: &Self) -> Self;

    /// The root of the sum of squares of each sample.
    fn norms(&self) -> Vec<f64>;
}

impl Estimate {
    /// The changed estimate.
    pub(crate) fn apply<X: Sample>(self, clean: X) -> X {
        match self {
            Self::Plain => clean,
            Self::Clip { range } => clean.clip(range),
            Self::Threshold { ratio, max } => clean.threshold(ratio, max),
        }
    }
}
