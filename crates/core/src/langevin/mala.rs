//! The Metropolis-adjusted Langevin algorithm: the step of ULA as a proposal, accepted so that `p` is exactly stationary
//! (Besag 1994; Roberts and Tweedie 1996, §1.4.2).
//!
//! `ln a = ln p(y) − ln p(x) + (‖y − x − h s(x)‖² − ‖x − y − h s(y)‖²)/(4h)`, `s = ∇ ln p`.

use super::ula;
use crate::Result;

/// A point with what a chain needs to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The point.
    pub x: Vec<f64>,
    /// `ln p(x)`, up to a constant.
    pub log_density: f64,
    /// `∇ ln p(x)`.
    pub score: Vec<f64>,
}

/// The log-density, up to a constant, and the score at a point.
pub type Density<'a> = dyn Fn(&[f64]) -> (f64, Vec<f64>) + 'a;

/// One step of size `h` with a normal vector and a uniform number in `[0, 1)`: the next point, and whether it moved.
///
/// # Errors
/// Where `noise` has another dimension.
pub fn mala(
    chain: &Chain,
    h: f64,
    noise: &Vec<f64>,
    uniform: f64,
    density: &Density<'_>,
) -> Result<(Chain, bool)> {
    let y = ula(&chain.x, &chain.score, h, noise)?;
    let (log_density, score) = density(&y);
    let square = |to: &[f64], from: &[f64], score: &[f64]| -> f64 {
        (0..to.len()).map(|i| (to[i] - from[i] - h * score[i]).powi(2)).sum()
    };
    let there = square(&y, &chain.x, &chain.score);
    let back = square(&chain.x, &y, &score);
    let log_ratio = log_density - chain.log_density + (there - back) / (4.0 * h);
    // A NaN refuses the proposal.
    if (1.0 - uniform).ln() <= log_ratio {
        return Ok((Chain { x: y, log_density, score }, true));
    }
    Ok((chain.clone(), false))
}
