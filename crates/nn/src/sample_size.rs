//! The size of the pictures that a network was made for, as configurations write it.

use serde::{Deserialize, Serialize};

/// A side, or height and width, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number of pixels or a list of height and width")]
pub enum SampleSize {
    /// Square pictures of this side.
    Side(usize),
    /// Height and width.
    Sides([usize; 2]),
}

impl SampleSize {
    /// Height and width in pixels.
    pub fn sides(self) -> [usize; 2] {
        match self {
            Self::Side(side) => [side; 2],
            Self::Sides(sides) => sides,
        }
    }
}
