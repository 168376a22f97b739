//! Schemes that do not fit a list of calls, one variant for each class that has one.

use langevin_core::Level;

use super::{karras_ve::KarrasVe, pndm::Pndm, repaint::RePaint, score_sde_ve::ScoreSdeVe};
use crate::run::Observer;
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
    /// The level of each state but the last.
    pub(crate) fn levels(&self) -> Box<dyn Iterator<Item = Level> + '_> {
        match self {
            Self::KarrasVe(own) => Box::new(own.levels()),
            Self::Pndm(own) => Box::new(own.levels()),
            Self::RePaint(own) => Box::new(own.levels()),
            Self::ScoreSdeVe(own) => Box::new(own.levels()),
        }
    }

    /// The last state, as [`walk`](crate::walk) returns it.
    pub(crate) fn walk<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        noise: &mut dyn NoiseSource<X>,
        observer: &mut Observer<'_, X>,
    ) -> Result<X> {
        match self {
            Self::KarrasVe(own) => own.walk(network, start, noise, observer),
            Self::Pndm(own) => own.walk(network, start, observer),
            Self::RePaint(own) => own.walk(network, start, noise, observer),
            Self::ScoreSdeVe(own) => own.walk(network, start, noise, observer),
        }
    }
}
