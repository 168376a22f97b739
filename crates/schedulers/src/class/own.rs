//! Schemes that do not fit a list of calls, one variant for each class that has one.

use langevin_core::Level;

use super::{karras_ve::KarrasVe, pndm::Pndm, repaint::RePaint, score_sde_ve::ScoreSdeVe};
use crate::run::Observer;
use crate::{Config, Network, NoiseSource, Result, Sample};

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

    /// Leaves out the first calls, which only the scheme that begins anew wherever it is asked to can do: it has done so.
    pub(crate) fn leave_out(&self, config: &Config, first: usize) -> Result<()> {
        match self {
            Self::Pndm(_) => Ok(()),
            Self::KarrasVe(_) | Self::RePaint(_) | Self::ScoreSdeVe(_) => Err(config
                .impossible(format!("its way cannot begin in the middle, after {first} calls"))),
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
