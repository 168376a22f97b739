//! How fast a schedule's level changes: all that its stochastic differential equation needs.
//!
//! `f = d ln alpha/dt` and `g² = d(sigma²)/dt − 2 f sigma²` (Song et al. 2021, eq. 29 and appendix B; Kingma et al. 2021).

use super::Schedule;
use crate::Level;

/// Time derivatives at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// `d ln alpha/dt`; minus infinity where `alpha` reaches 0.
    pub log_alpha: f64,
    /// `d(sigma²)/dt`.
    pub variance: f64,
}

impl Rates {
    /// Of a variance-preserving level, `alpha² + sigma² = 1`, from `d ln alpha_bar/dt`.
    pub fn preserving(level: Level, log_alpha_bar: f64) -> Self {
        let variance = if level.alpha == 0.0 { 0.0 } else { -level.alpha.powi(2) * log_alpha_bar };
        Self { log_alpha: 0.5 * log_alpha_bar, variance }
    }

    /// By central differences over 2e-5, one-sided at the ends of `[0, 1]`: about nine digits where the schedule is smooth.
    pub fn numeric<S: Schedule + ?Sized>(schedule: &S, t: f64) -> Self {
        let (before, after) = ((t - 1e-5).max(0.0), (t + 1e-5).min(1.0));
        let (low, high) = (schedule.level(before), schedule.level(after));
        let length = after - before;
        Self {
            log_alpha: (high.alpha / low.alpha).ln() / length,
            variance: (high.sigma - low.sigma) * (high.sigma + low.sigma) / length,
        }
    }
}
