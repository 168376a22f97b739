//! Langevin dynamics on a density known up to its constant, through its score (Langevin 1908; Roberts and Tweedie 1996).
//!
//! Each function makes one step; the noise is an argument, so chains are pure functions of their random streams.

mod mala;
mod ula;
mod underdamped;

pub use mala::{Chain, Density, mala};
pub use ula::ula;
pub use underdamped::underdamped;
