//! Schemes that do not fit a list of calls, one variant for each class that has one.

use super::{karras_ve::KarrasVe, pndm::Pndm, repaint::RePaint, score_sde_ve::ScoreSdeVe};
use crate::{Network, NoiseSource, Result, Sample};

/// A scheme of one class alone.
#[derive(Clone, Debug)]
pub enum OwnPath {
    /// Noise before each step, and two evaluations in most.
    KarrasVe(KarrasVe),
    /// Combinations of outputs before they are read.
    Pndm(Pndm),
    /// Jumps back.
    RePaint(RePaint),
    /// Corrections whose size depends on the state.
    ScoreSdeVe(ScoreSdeVe),
}

impl OwnPath {
    /// The states, as [`run`](crate::run()) returns them.
    pub(crate) fn run<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        noise: &mut dyn NoiseSource<X>,
    ) -> Result<Vec<X>> {
        match self {
            Self::KarrasVe(own) => own.run(network, start, noise),
            Self::Pndm(own) => own.run(network, start),
            Self::RePaint(own) => own.run(network, start, noise),
            Self::ScoreSdeVe(own) => own.run(network, start, noise),
        }
    }
}
