//! Underdamped (kinetic) Langevin dynamics `dx = v dt`, `dv = (∇ ln p − γ v) dt + √(2γ) dW`, by the splitting BAOAB
//! (Leimkuhler and Matthews 2013): half a kick, half a drift, the exact Ornstein–Uhlenbeck step, half a drift, half a kick.
//!
//! On a Gaussian the positions' stationary variance is exact for every stable step.

use crate::{Result, State};

/// One step of length `h` with friction `γ`; `score` is asked at one new point. Returns position, velocity and score there.
///
/// # Errors
/// What `score` or the states return.
pub fn underdamped<X: State>(
    (x, v, slope): (&X, &X, &X),
    h: f64,
    friction: f64,
    noise: &X,
    score: &dyn Fn(&X) -> Result<X>,
) -> Result<(X, X, X)> {
    let half = 0.5 * h;
    let keep = (-friction * h).exp();
    let spread = (-(-2.0 * friction * h).exp_m1()).sqrt();
    let kicked = X::combine(&[(1.0, v), (half, slope)])?;
    let stirred = X::combine(&[(keep, &kicked), (spread, noise)])?;
    let x = X::combine(&[(1.0, x), (half, &kicked), (half, &stirred)])?;
    let slope = score(&x)?;
    let v = X::combine(&[(1.0, &stirred), (half, &slope)])?;
    Ok((x, v, slope))
}
