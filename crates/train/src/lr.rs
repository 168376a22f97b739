//! The learning rate: a linear warm-up times a decay, a pure function of the step and the progress of the run.
//!
//! `rate = lr · min(1, (step + 1)/warmup) · decay(progress)` with `decay = 1`, or half a cosine
//! `final + (1 − final) · (1 + cos(π · progress))/2` (Loshchilov and Hutter 2017, eq. 5, without restarts).
//! `progress` runs from 0 to 1: the share of the steps done, or of the wall-clock time used.

use std::f64::consts::PI;

use crate::config::{Decay, OptimiserConfig};

/// The learning rate of the step with index `step` (from 0) when the share `progress` of the run is over.
pub fn learning_rate(config: &OptimiserConfig, step: u64, progress: f64) -> f64 {
    config.lr * warmup(config.warmup_steps, step) * decay(config, progress.clamp(0.0, 1.0))
}

fn warmup(steps: u64, step: u64) -> f64 {
    if step >= steps { 1.0 } else { (step + 1) as f64 / steps as f64 }
}

fn decay(config: &OptimiserConfig, progress: f64) -> f64 {
    match config.decay {
        Decay::None => 1.0,
        Decay::Cosine => {
            config.final_ratio + (1.0 - config.final_ratio) * 0.5 * (1.0 + (PI * progress).cos())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OptimiserConfig {
        OptimiserConfig {
            lr: 0.002,
            warmup_steps: 100,
            decay: Decay::Cosine,
            final_ratio: 0.05,
            ..Default::default()
        }
    }

    #[test]
    fn rises_linearly_then_falls_by_half_a_cosine() {
        let c = config();
        assert_eq!(learning_rate(&c, 0, 0.0), 0.002 / 100.0);
        assert_eq!(learning_rate(&c, 49, 0.0), 0.001);
        assert_eq!(learning_rate(&c, 99, 0.0), 0.002);
        assert_eq!(learning_rate(&c, 100, 0.0), 0.002);
        // Half-way the cosine is zero: the mean of 1 and the final ratio.
        assert!((learning_rate(&c, 1000, 0.5) - 0.002 * 0.525).abs() < 1e-15);
        assert!((learning_rate(&c, 1000, 1.0) - 0.0001).abs() < 1e-15);
        assert!((learning_rate(&c, 1000, 1.0 / 3.0) - 0.002 * (0.05 + 0.95 * 0.75)).abs() < 1e-15);
    }

    #[test]
    fn time_beyond_the_budget_keeps_the_final_rate() {
        assert_eq!(learning_rate(&config(), 1000, 1.2), learning_rate(&config(), 1000, 1.0));
    }

    #[test]
    fn stays_constant_without_decay_or_warm_up() {
        let c = OptimiserConfig { lr: 0.1, ..Default::default() };
        for (step, progress) in [(0, 0.0), (7, 0.3), (1_000_000, 1.0)] {
            assert_eq!(learning_rate(&c, step, progress), 0.1);
        }
    }
}
