//! Noise levels of a schedule in the coordinate `sigma/alpha`, and the timesteps that belong to them.
//!
//! Karras et al. 2022, eq. 5 (ρ = 7); exponential: even in `ln sigma`; beta: quantiles of B(0.6, 0.6) from largest to
//! smallest (Lee et al. 2024).

use langevin_core::Level;

use crate::beta_quantile::symmetric_beta_quantile;
use crate::numpy::linspace;
use crate::{Config, Result};

/// How the levels between the largest and the smallest are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ladder {
    /// Where the timesteps are.
    AtTimesteps,
    /// `use_karras_sigmas`.
    Karras,
    /// `use_exponential_sigmas`.
    Exponential,
    /// `use_beta_sigmas`.
    Beta,
}

impl Ladder {
    /// What the three switches say, of which one at most may be on.
    pub(crate) fn of(config: &Config) -> Result<Self> {
        let switches = [
            ("use_karras_sigmas", Self::Karras),
            ("use_exponential_sigmas", Self::Exponential),
            ("use_beta_sigmas", Self::Beta),
        ];
        let mut on = Vec::new();
        for (key, ladder) in switches {
            if config.flag(key, false)? {
                on.push((key, ladder));
            }
        }
        match on[..] {
            [] => Ok(Self::AtTimesteps),
            [(_, ladder)] => Ok(ladder),
            [(first, _), (second, _), ..] => Err(config.impossible(format!(
                "`{first}` and `{second}` are both true, but exclude each other"
            ))),
        }
    }

    /// `steps` levels from the largest to the smallest; `sigma_max` and `sigma_min` of the configuration win over the
    /// schedule's own `(largest, smallest)`, even where the class does not know these keys.
    pub(crate) fn levels(
        self,
        config: &Config,
        (largest, smallest): (f64, f64),
        steps: usize,
    ) -> Result<Vec<f64>> {
        let max = config.optional("sigma_max")?.unwrap_or(largest);
        let min = config.optional("sigma_min")?.unwrap_or(smallest);
        for (key, sigma) in [("sigma_max", max), ("sigma_min", min)] {
            let zero_serves = self != Self::Exponential && sigma == 0.0;
            if !(sigma > 0.0 && sigma.is_finite() || zero_serves) {
                return Err(config.refuse(key, sigma, "positive and finite"));
            }
        }
        Ok(self.spaced((max, min), steps))
    }

    /// The levels themselves.
    pub(crate) fn spaced(self, (max, min): (f64, f64), steps: usize) -> Vec<f64> {
        match self {
            Self::Karras => karras((max, min), 7.0, steps),
            Self::Exponential => {
                linspace(max.ln(), min.ln(), steps).into_iter().map(f64::exp).collect()
            }
            Self::Beta => linspace(0.0, 1.0, steps)
                .into_iter()
                .map(|share| min + symmetric_beta_quantile(1.0 - share, 0.6) * (max - min))
                .collect(),
            Self::AtTimesteps => linspace(max, min, steps),
        }
    }
}

/// `(max^(1/ρ) + k/(n − 1) · (min^(1/ρ) − max^(1/ρ)))^ρ`.
pub(crate) fn karras((max, min): (f64, f64), rho: f64, steps: usize) -> Vec<f64> {
    let (from, to) = (max.powf(1.0 / rho), min.powf(1.0 / rho));
    linspace(0.0, 1.0, steps).into_iter().map(|r| (from + r * (to - from)).powf(rho)).collect()
}

/// `√((1 − alpha_bar)/alpha_bar)` in float32.
pub(crate) fn ratios(alphas_cumprod: &[f32]) -> Vec<f32> {
    alphas_cumprod.iter().map(|bar| crate::torch_sqrt::sqrt((1.0 - bar) / bar)).collect()
}

/// The fractional timestep of a level: linear in `ln sigma` between the entries of the table, and clamped to its ends.
pub(crate) fn timestep(sigma: f64, log_sigmas: &[f32]) -> f64 {
    let log_sigma = sigma.max(1e-10).ln();
    let below = log_sigmas.iter().rposition(|&log| f64::from(log) <= log_sigma).unwrap_or(0);
    let below = below.min(log_sigmas.len().saturating_sub(2));
    let (low, high) = (log_sigmas[below], log_sigmas[(below + 1).min(log_sigmas.len() - 1)]);
    let share = ((f64::from(low) - log_sigma) / f64::from(low - high)).clamp(0.0, 1.0);
    (1.0 - share) * below as f64 + share * (below as f64 + 1.0)
}

/// The variance-preserving level with this `sigma/alpha`.
pub(crate) fn variance_preserving(sigma: f64) -> Level {
    let alpha = 1.0 / sigma.hypot(1.0);
    Level::new(alpha, sigma * alpha)
}

/// The variance-exploding level.
pub(crate) fn variance_exploding(sigma: f64) -> Level {
    Level::new(1.0, sigma)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders_end_at_their_ends() {
        for ladder in [Ladder::Karras, Ladder::Exponential, Ladder::Beta] {
            let levels = ladder.spaced((80.0, 0.002), 9);
            assert!(levels.windows(2).all(|pair| pair[1] < pair[0]), "{ladder:?}");
            assert!((levels[0] / 80.0 - 1.0).abs() < 1e-12, "{ladder:?}");
            assert!((levels[8] / 0.002 - 1.0).abs() < 1e-9, "{ladder:?}");
        }
    }

    #[test]
    fn timesteps_are_interpolated_and_clamped() {
        let table = [-2.0, 0.0, 1.0];
        let at = |log: f64| timestep(log.exp(), &table);
        for (log, expected) in [(-3.0, 0.0), (-1.0, 0.5), (0.0, 1.0), (0.75, 1.75), (5.0, 2.0)] {
            assert!((at(log) - expected).abs() < 1e-12, "{log}: {}", at(log));
        }
    }

    #[test]
    fn two_ladders_are_refused() {
        let text = r#"{"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true, "use_beta_sigmas": true}"#;
        let error = Ladder::of(&Config::parse(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains("`use_karras_sigmas` and `use_beta_sigmas`"), "{error}");
    }
}
