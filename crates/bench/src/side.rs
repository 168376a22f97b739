//! Who does the work.

use std::fmt;

/// One of the parties that are measured in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Langevin.
    Ours,
    /// PyTorch, eager.
    Peer,
    /// PyTorch with the network compiled.
    Compiled,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "Langevin",
            Self::Peer => "PyTorch",
            Self::Compiled => "compiled PyTorch",
        })
    }
}
