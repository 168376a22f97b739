//! The three kinds of work that are measured.

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Whole training steps.
    Train,
    /// Whole sampling runs.
    Sample,
    /// Single operations, forward alone and with their gradients.
    Ops,
}

impl Group {
    /// The names, in the order in which groups are measured.
    pub const ALL: [(&str, Self); 3] =
        [("train", Self::Train), ("sample", Self::Sample), ("ops", Self::Ops)];

    /// Whether a row is a network at work, which PyTorch can compile, and not one operation.
    pub fn is_network(self) -> bool {
        self != Self::Ops
    }
}
