//! A number beside the one that theory gives.

use serde::Serialize;

/// What was computed, what the closed form says, and how far the two may be apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What was computed.
    pub value: f64,
    /// What the closed form says.
    pub expected: f64,
    /// Largest difference that passes.
    pub tolerance: f64,
    /// Whether the difference is at most that; never for what is not a number.
    pub pass: bool,
}

impl Check {
    /// Compares `value` with `expected`.
    pub fn new(name: impl Into<String>, value: f64, expected: f64, tolerance: f64) -> Self {
        let pass = (value - expected).abs() <= tolerance;
        Self { name: name.into(), value, expected, tolerance, pass }
    }
}
