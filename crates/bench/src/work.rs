//! A row set up in memory, to be run again and again.

use crate::Result;

/// Work that is ready to be done.
pub(crate) struct Work {
    /// Numbers in the network's parameters, where there is a network.
    pub(crate) parameters: Option<usize>,
    /// Does it once.
    pub(crate) run: Box<dyn FnMut() -> Result<()>>,
}
