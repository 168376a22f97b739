//! Underdamped (kinetic) Langevin dynamics `dx = v dt`, `dv = ∇ ln p dt − γ v dt + √(2γ) dW` by the BAOAB splitting
//! (Leimkuhler and Matthews 2013): half a kick, half a drift, friction and noise exactly, half a drift, half a kick.
//!
//! On a Gaussian its stationary distribution of positions is the exact one for every step below `2S`.

use langevin_core::rng::Philox;

use super::{Target, Walk};

/// The walk with its velocity.
#[derive(Clone, Debug)]
pub(crate) struct Baoab {
    pub(crate) step: f64,
    pub(crate) friction: f64,
    pub(crate) velocity: Vec<f64>,
}

impl Walk for Baoab {
    fn step(&mut self, x: &mut Vec<f64>, target: &dyn Target, random: &mut Philox) {
        let half = 0.5 * self.step;
        let kept = (-self.friction * self.step).exp();
        let noise = (1.0 - kept * kept).sqrt();
        self.velocity.iter_mut().zip(target.score(x)).for_each(|(v, score)| *v += half * score);
        for (x, v) in x.iter_mut().zip(&mut self.velocity) {
            *x += half * *v;
            *v = kept * *v + noise * random.normal();
            *x += half * *v;
        }
        self.velocity.iter_mut().zip(target.score(x)).for_each(|(v, score)| *v += half * score);
    }
}
