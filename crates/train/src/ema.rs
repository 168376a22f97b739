//! The exponential moving average of the weights: `ema ← d · ema + (1 − d) · weight` after every step.
//!
//! With warm-up `d = min(decay, (1 + step)/(10 + step))`, so that the random first weights are forgotten quickly and the
//! average spans about the last tenth of the steps until `decay` is reached.

use crate::config::EmaConfig;

/// The share of the old average that remains after the step with index `step` (from 0).
pub fn ema_decay(config: &EmaConfig, step: u64) -> f64 {
    if !config.warmup {
        return config.decay;
    }
    let step = step as f64;
    config.decay.min((1.0 + step) / (10.0 + step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_starts_at_a_tenth_and_ends_at_the_decay() {
        let config = EmaConfig { decay: 0.99, warmup: true };
        assert_eq!(ema_decay(&config, 0), 0.1);
        assert_eq!(ema_decay(&config, 8), 0.5);
        assert_eq!(ema_decay(&config, 80), 0.9);
        // (1 + s)/(10 + s) = 0.99 at s = 890.
        assert!(ema_decay(&config, 889) < 0.99);
        assert_eq!(ema_decay(&config, 890), 0.99);
        assert_eq!(ema_decay(&config, 1_000_000), 0.99);
    }

    #[test]
    fn is_constant_without_warm_up() {
        assert_eq!(ema_decay(&EmaConfig { decay: 0.9999, warmup: false }, 0), 0.9999);
    }

    #[test]
    fn a_constant_weight_is_reached_at_the_rate_of_the_product_of_decays() {
        let config = EmaConfig { decay: 0.999, warmup: true };
        let (mut ema, mut rest) = (0.0, 1.0);
        for step in 0..200 {
            let d = ema_decay(&config, step);
            ema = d * ema + (1.0 - d) * 3.0;
            rest *= d;
        }
        assert!((ema - 3.0 * (1.0 - rest)).abs() < 1e-12);
        // Π (1 + s)/(10 + s) = 9! · 200!/209!: the first weights are forgotten like 1/s⁹.
        let closed = (1..=9).fold(1.0, |p, k| p * f64::from(k) / f64::from(200 + k));
        assert!((rest / closed - 1.0).abs() < 1e-12);
    }
}
