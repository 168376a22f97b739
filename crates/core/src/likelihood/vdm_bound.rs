//! The bound of continuous time (Kingma et al. 2021, eqs. 11 and 17):
//! `−ln p(clean) ≤ KL(q(z_1 | clean) ‖ N(0, 1)) + ½ ∫ γ'(t) E‖noise − estimate‖² dt + E[−ln p(clean | z_0)]`, `γ = −ln SNR`.
//!
//! The integral depends on the schedule through its ends alone.

use super::{kl_normal, log_normal};
use crate::{Denoiser, Error, Level, Result, Samples, Schedule};

/// The bound of a denoiser on the part of a schedule between two times.
pub struct VdmBound<'a, X> {
    schedule: &'a dyn Schedule,
    denoiser: &'a dyn Denoiser<X>,
    from: f64,
    to: f64,
}

impl<'a, X: Samples> VdmBound<'a, X> {
    /// Between the times of the levels `first` (least noisy) and `last`.
    ///
    /// # Errors
    /// Where `first` is not less noisy than `last` on the schedule.
    pub fn new(
        schedule: &'a dyn Schedule,
        denoiser: &'a dyn Denoiser<X>,
        first: Level,
        last: Level,
    ) -> Result<Self> {
        let (from, to) = (schedule.time(first), schedule.time(last));
        if from < to && schedule.level(from).sigma > 0.0 && schedule.level(to).alpha > 0.0 {
            return Ok(Self { schedule, denoiser, from, to });
        }
        Err(Error::Value {
            name: "times of the first and the last level",
            found: format!("{from} and {to}"),
            expected: "rising, with noise at the first and signal at the last",
        })
    }

    /// The times between which the loss is integrated.
    pub fn times(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// `KL(q(z_1 | clean) ‖ N(0, alpha_1² + sigma_1²))` of each sample: unit noise where the process preserves variance.
    ///
    /// # Errors
    /// What the state returns.
    pub fn prior(&self, clean: &X) -> Result<Vec<f64>> {
        let at = self.schedule.level(self.to);
        let variance = at.sigma * at.sigma;
        let prior = at.alpha * at.alpha + variance;
        clean.sum_pairs(clean, |x, _| kl_normal(at.alpha * x, variance, prior))
    }

    /// `γ = ln(sigma²/alpha²)` at both ends.
    pub fn gammas(&self) -> (f64, f64) {
        let gamma = |t: f64| 2.0 * self.schedule.level(t).ratio().ln();
        (gamma(self.from), gamma(self.to))
    }

    /// One draw of the integrand at time `t`, `½ γ'(t) ‖noise − estimate‖²`, for each sample.
    ///
    /// # Errors
    /// What the denoiser returns.
    pub fn loss_at(&self, t: f64, clean: &X, noise: &X) -> Result<Vec<f64>> {
        let losses = self.loss(self.schedule.level(t), clean, noise)?;
        let rate = self.gamma_rate(t);
        Ok(losses.into_iter().map(|loss| rate * loss).collect())
    }

    /// The same over `γ` in place of time, `½ ‖noise − estimate‖²`: bounded, so that few draws say much.
    ///
    /// # Errors
    /// What the denoiser returns.
    pub fn loss_over_gamma(&self, gamma: f64, clean: &X, noise: &X) -> Result<Vec<f64>> {
        let time = self.schedule.time(Level::new(1.0, (0.5 * gamma).exp()));
        self.loss(self.schedule.level(time), clean, noise)
    }

    fn loss(&self, at: Level, clean: &X, noise: &X) -> Result<Vec<f64>> {
        let x = X::combine(&[(at.alpha, clean), (at.sigma, noise)])?;
        let estimate = self.denoiser.denoise(&x, at)?;
        // noise − estimated noise = (alpha/sigma) · (estimate − clean).
        let weight = 0.5 * at.snr();
        let squares = estimate.sum_pairs(clean, |e, c| (e - c).powi(2))?;
        Ok(squares.into_iter().map(|square| weight * square).collect())
    }

    /// `−ln p(clean | z_0)` of each sample, with the density `N(z_0/alpha_0, (sigma_0/alpha_0)²)`.
    ///
    /// # Errors
    /// What the state returns.
    pub fn reconstruction(&self, clean: &X, noise: &X) -> Result<Vec<f64>> {
        let ratio = self.schedule.level(self.from).ratio();
        clean.sum_pairs(noise, |_, n| -log_normal(ratio * n, 0.0, ratio * ratio))
    }

    /// As [`reconstruction`](Self::reconstruction), for data with `values` equally spaced values from −1 to 1:
    /// `p(clean | z_0) ∝ q(z_0 | clean)` over the values (eq. 13 of the paper's appendix).
    ///
    /// # Errors
    /// What the state returns.
    pub fn discrete_reconstruction(&self, clean: &X, noise: &X, values: usize) -> Result<Vec<f64>> {
        let ratio = self.schedule.level(self.from).ratio();
        clean.sum_pairs(noise, |x, n| {
            let seen = x + ratio * n;
            let log = |value: f64| -0.5 * ((seen - value) / ratio).powi(2);
            let spacing = 2.0 / (values.max(2) - 1) as f64;
            let logs: Vec<f64> =
                (0..values.max(2)).map(|i| log(i as f64 * spacing - 1.0)).collect();
            let max = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            max + logs.iter().map(|l| (l - max).exp()).sum::<f64>().ln() - log(x)
        })
    }

    /// `γ'(t) = (sigma²)'/sigma² − 2 (ln alpha)'`.
    fn gamma_rate(&self, t: f64) -> f64 {
        let rates = self.schedule.rates(t);
        rates.variance / self.schedule.level(t).sigma.powi(2) - 2.0 * rates.log_alpha
    }
}
