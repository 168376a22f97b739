//! Schemes that do not fit a list of calls, one variant for each class that has one.

use crate::{Network, NoiseSource, Result, Sample};

/// A scheme of one class alone.
#[derive(Clone, Debug)]
pub enum OwnPath {}

impl OwnPath {
    /// The states, as [`run`](crate::run()) returns them.
    pub(crate) fn run<X: Sample>(
        &self,
        _network: &dyn Network<X>,
        _start: X,
        _noise: &mut dyn NoiseSource<X>,
    ) -> Result<Vec<X>> {
        match *self {}
    }
}
