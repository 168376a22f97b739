//! How noisy a state is: `x = alpha · clean + sigma · noise`.

use serde::{Deserialize, Serialize};

/// Signal and noise scale of a state. Both are finite and not negative, and not both are zero.
///
/// ```
/// use langevin_core::{DdpmSchedule, Level, RectifiedFlow, Schedule};
///
/// // Half-way along the straight path, data and noise have the same scale …
/// let level = RectifiedFlow.level(0.5);
/// assert_eq!(level, Level::new(0.5, 0.5));
/// assert_eq!(level.snr(), 1.0);
/// // … and DDPM has the same ratio of both at some time of its own.
/// let ddpm = DdpmSchedule::linear();
/// let same = ddpm.level(ddpm.time(level));
/// assert!((same.ratio() - 1.0).abs() < 1e-12);
/// assert!((same.alpha.powi(2) + same.sigma.powi(2) - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Scale of the clean data.
    pub alpha: f64,
    /// Scale of the unit noise.
    pub sigma: f64,
}

impl Level {
    /// Clean data, without noise.
    pub const CLEAN: Self = Self { alpha: 1.0, sigma: 0.0 };
    /// Unit noise, without data.
    pub const NOISE: Self = Self { alpha: 0.0, sigma: 1.0 };

    /// The level with these scales.
    pub const fn new(alpha: f64, sigma: f64) -> Self {
        Self { alpha, sigma }
    }

    /// The variance-preserving level of DDPM's `alpha_bar` in `[0, 1]`: `(√alpha_bar, √(1 − alpha_bar))`.
    pub fn from_alpha_bar(alpha_bar: f64) -> Self {
        Self { alpha: alpha_bar.sqrt(), sigma: (1.0 - alpha_bar).sqrt() }
    }

    /// Signal-to-noise ratio `alpha² / sigma²`; infinite for clean data.
    pub fn snr(self) -> f64 {
        (self.alpha / self.sigma).powi(2)
    }

    /// Half the log of the signal-to-noise ratio, `λ = ln(alpha / sigma)` (Lu et al. 2022, eq. 2.4).
    pub fn half_log_snr(self) -> f64 {
        (self.alpha / self.sigma).ln()
    }

    /// Noise per signal, `sigma / alpha`: the "sigma" of the variance-exploding coordinate; infinite for pure noise.
    pub fn ratio(self) -> f64 {
        self.sigma / self.alpha
    }

    /// The level of this `sigma / alpha` between two.
    ///
    /// Where both ends have the same `alpha` (variance exploding), the same `alpha + sigma` (flows) or the same
    /// `alpha² + sigma²` (variance preserving), so has the level between; else it has the geometric mean of the latter.
    pub(crate) fn between(from: Self, to: Self, ratio: f64) -> Self {
        let same = |scale: fn(Self) -> f64| (scale(from) / scale(to) - 1.0).abs() < 1e-9;
        let norm = |level: Self| level.alpha.hypot(level.sigma);
        let alpha = if same(|level| level.alpha) {
            from.alpha
        } else if same(|level| level.alpha + level.sigma) {
            (from.alpha + from.sigma) / (1.0 + ratio)
        } else {
            (norm(from) * norm(to)).sqrt() / 1f64.hypot(ratio)
        };
        Self { alpha, sigma: alpha * ratio }
    }
}
