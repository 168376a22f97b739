//! The unadjusted Langevin algorithm: `x + h ∇ ln p(x) + √(2h) z` (Roberts and Tweedie 1996, §1.4.1).
//!
//! Its stationary variance on `N(0, S²)` is `S²/(1 − h/(2S²))`: not the target's, but known.

use langevin_core::rng::Philox;

use super::{Target, Walk};

/// The walk with step `h`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ula {
    pub(crate) step: f64,
}

impl Walk for Ula {
    fn step(&mut self, x: &mut Vec<f64>, target: &dyn Target, random: &mut Philox) {
        let (score, noise) = (target.score(x), (2.0 * self.step).sqrt());
        for (x, score) in x.iter_mut().zip(score) {
            *x += self.step * score + noise * random.normal();
        }
    }
}
