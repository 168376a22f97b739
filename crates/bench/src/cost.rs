//! What an operation cannot do without: arithmetic, or memory traffic.

/// The work that counts for an operation's rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cost {
    /// Multiplications and additions of the direct algorithm; a faster algorithm has a higher rate.
    Flops(f64),
    /// Bytes read and written, each input and output once, for operations that memory bounds.
    Bytes(f64),
}

impl Cost {
    /// The cost of doing it `factor` times.
    pub(crate) fn times(self, factor: f64) -> Self {
        match self {
            Self::Flops(n) => Self::Flops(factor * n),
            Self::Bytes(n) => Self::Bytes(factor * n),
        }
    }
}
