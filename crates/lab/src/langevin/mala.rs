//! The Metropolis-adjusted Langevin algorithm (Roberts and Tweedie 1996, §1.4.2): a step of the unadjusted one is a proposal,
//! accepted with probability `min(1, p(y) q(x | y)/(p(x) q(y | x)))`, `q(y | x) = N(y; x + h ∇ ln p(x), 2h)`.

use langevin_core::rng::Philox;

use super::{Target, Walk};

/// The walk with step `h`, which counts what it accepts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mala {
    pub(crate) step: f64,
    pub(crate) accepted: usize,
}

impl Walk for Mala {
    fn step(&mut self, x: &mut Vec<f64>, target: &dyn Target, random: &mut Philox) {
        let noise = (2.0 * self.step).sqrt();
        let here = target.score(x);
        let proposal: Vec<f64> = x
            .iter()
            .zip(&here)
            .map(|(x, score)| x + self.step * score + noise * random.normal())
            .collect();
        let there = target.score(&proposal);
        // ln q up to the constant that both directions share.
        let log_q = |to: &[f64], from: &[f64], score: &[f64]| -> f64 {
            let off = |i: usize| (to[i] - from[i] - self.step * score[i]).powi(2);
            -(0..to.len()).map(off).sum::<f64>() / (4.0 * self.step)
        };
        let log_ratio = target.log_density(&proposal) - target.log_density(x)
            + log_q(x, &proposal, &there)
            - log_q(&proposal, x, &here);
        if random.uniform().ln() < log_ratio {
            *x = proposal;
            self.accepted += 1;
        }
    }
}
