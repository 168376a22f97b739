//! How much each noise level counts in the loss.
//!
//! The error of the clean estimate is `q` times the error of the network's output, where `clean = p · x + q · output`.
//! A weight `w` on the squared error of the clean image is therefore the weight `w · q²` on that of the output, for
//! every kind of prediction. With `output = a · clean + b · noise`, `q = −sigma/(alpha · b − sigma · a)`.

use langevin_core::{Level, Prediction};
use serde::{Deserialize, Serialize};

/// The weight of each level's squared error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// The squared error of the network's output, as it is.
    None,
    /// Min-SNR (Hang et al. 2023, eq. 8): the squared error of the clean image counts `min(SNR, gamma)`.
    MinSnr {
        /// Signal-to-noise ratio beyond which nothing more is gained; 5 in the paper.
        gamma: f64,
    },
}

impl Weighting {
    /// The factor of the squared error of the output at `level`.
    pub fn weight(self, level: Level, prediction: Prediction) -> f64 {
        match self {
            Self::None => 1.0,
            Self::MinSnr { gamma } => {
                let (a, b) = prediction.target(level);
                // alpha · q / sigma, so that SNR · q² = ratio² stays finite at pure noise.
                let ratio = if a == 0.0 {
                    1.0 / b
                } else {
                    level.alpha / (level.alpha * b - level.sigma * a)
                };
                let snr = (level.alpha / level.sigma).powi(2);
                ratio * ratio * (gamma / snr).min(1.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTING: Weighting = Weighting::MinSnr { gamma: 5.0 };

    fn variance_preserving(snr: f64) -> Level {
        Level { alpha: (snr / (1.0 + snr)).sqrt(), sigma: (1.0 / (1.0 + snr)).sqrt() }
    }

    #[test]
    fn has_the_published_form_for_each_prediction() {
        for snr in [1e-4, 0.3, 4.9, 5.1, 1e4] {
            let level = variance_preserving(snr);
            let capped = f64::min(snr, 5.0);
            for (prediction, expected) in [
                (Prediction::Clean, capped),
                (Prediction::Noise, capped / snr),
                (Prediction::V, capped / (snr + 1.0)),
            ] {
                let weight = WEIGHTING.weight(level, prediction);
                assert!(
                    (weight / expected - 1.0).abs() < 1e-12,
                    "{prediction:?} at {snr}: {weight} {expected}"
                );
            }
        }
    }

    #[test]
    fn is_finite_at_both_ends() {
        for level in [Level { alpha: 0.0, sigma: 1.0 }, Level { alpha: 1.0, sigma: 1e-8 }] {
            for prediction in
                [Prediction::Clean, Prediction::Noise, Prediction::V, Prediction::Flow]
            {
                let weight = WEIGHTING.weight(level, prediction);
                assert!(weight.is_finite() && weight >= 0.0, "{prediction:?} {level:?}: {weight}");
            }
        }
        assert_eq!(WEIGHTING.weight(Level { alpha: 0.0, sigma: 1.0 }, Prediction::Noise), 1.0);
    }
}
