//! The unadjusted Langevin algorithm: `x' = x + h · ∇ ln p(x) + √(2h) · z` (Parisi 1981; Roberts and Tweedie 1996, §1.4).
//!
//! On `N(0, S²)` its stationary variance is exactly `S²/(1 − h/(2S²))`.

use crate::{Result, State};

/// One step of size `h` from a state and its score.
///
/// # Errors
/// What the states return.
pub fn ula<X: State>(x: &X, score: &X, h: f64, noise: &X) -> Result<X> {
    X::combine(&[(1.0, x), (h, score), ((2.0 * h).sqrt(), noise)])
}
