//! The course of a trajectory: steps of the solver, and rises that add noise back without calling the denoiser.
//!
//! A rise from `(alpha, sigma)` to a noisier level is the forward process itself:
//! `x' = (alpha'/alpha) · x + √(sigma'² − (alpha' sigma/alpha)²) · z`.
//! Churn, restarts and resampling are plans made of the same two moves, so they work with every solver.

mod churn;
mod repaint;
mod restart;

pub use churn::{Churn, churn};
pub use repaint::repaint;
pub use restart::{Restart, restart};

use crate::Level;

/// One move of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// The solver goes to this level.
    Step(Level),
    /// Noise is added up to this level; what was evaluated before is forgotten.
    Rise {
        /// The noisier level.
        to: Level,
        /// A factor on the noise, 1 for the forward process (EDM's `S_noise`).
        scale: f64,
    },
}

impl Move {
    /// The level after the move.
    pub fn to(self) -> Level {
        match self {
            Self::Step(to) | Self::Rise { to, .. } => to,
        }
    }
}

/// Steps from `levels[0]` through the other levels.
pub fn steps(levels: &[Level]) -> Vec<Move> {
    levels.iter().skip(1).copied().map(Move::Step).collect()
}

/// Standard deviation of the noise that a rise adds: `√(sigma'² − (alpha' sigma/alpha)²)`; 0 where it does not rise.
pub fn rising_noise(from: Level, to: Level) -> f64 {
    let kept = to.alpha / from.alpha * from.sigma;
    ((to.sigma - kept) * (to.sigma + kept)).max(0.0).sqrt()
}
