//! The uniform distribution of times: `t = u` (Ho et al. 2020, algorithm 1).

use serde::{Deserialize, Serialize};

/// Every time alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uniform;

impl Uniform {
    /// `u` itself.
    pub fn quantile(self, u: f64) -> f64 {
        u
    }
}
