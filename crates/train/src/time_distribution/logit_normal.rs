//! The logit-normal distribution of times: `log(t/(1 − t)) ~ N(mean, std²)` (Esser et al. 2024, eq. 19), that is
//! `t = 1/(1 + exp(−(mean + std · Φ⁻¹(u))))`.

use serde::{Deserialize, Serialize};

use crate::normal_quantile::normal_quantile;

/// Times whose log-odds are normal: a negative mean favours clean images, a positive one noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogitNormal {
    /// Mean of the log-odds; the median time is its logistic.
    pub mean: f64,
    /// Standard deviation of the log-odds.
    pub std: f64,
}

impl Default for LogitNormal {
    /// The standard logit-normal distribution.
    fn default() -> Self {
        Self { mean: 0.0, std: 1.0 }
    }
}

impl LogitNormal {
    /// The time below which the share `u` of all draws lies.
    pub fn quantile(self, u: f64) -> f64 {
        let logit = self.mean + self.std * normal_quantile(u);
        1.0 / (1.0 + (-logit).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_logistic_of_the_mean() {
        for mean in [-1.0, 0.0, 0.7] {
            let t = LogitNormal { mean, std: 1.2 }.quantile(0.5);
            assert!((t - 1.0 / (1.0 + f64::exp(-mean))).abs() < 1e-15);
        }
    }

    #[test]
    fn the_log_odds_have_the_asked_mean_and_deviation() {
        let d = LogitNormal { mean: -0.4, std: 1.3 };
        // The midpoint rule over u integrates moments of the log-odds.
        let n = 200_000;
        let logits = (0..n)
            .map(|k| d.quantile((f64::from(k) + 0.5) / f64::from(n)))
            .map(|t| (t / (1.0 - t)).ln());
        let (mut first, mut second) = (0.0, 0.0);
        for x in logits {
            first += x / f64::from(n);
            second += x * x / f64::from(n);
        }
        assert!((first + 0.4).abs() < 1e-9, "{first}");
        assert!((second - 0.16 - 1.69).abs() < 1e-4, "{second}");
    }

    #[test]
    fn times_stay_inside_the_unit_interval() {
        let d = LogitNormal { mean: 0.0, std: 2.0 };
        for u in [1e-17, 0.5, 1.0 - f64::EPSILON / 2.0] {
            assert!((0.0..=1.0).contains(&d.quantile(u)));
        }
    }
}
