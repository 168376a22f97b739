//! The density of data along the probability-flow ODE (Song et al. 2021, eq. 39; Chen et al. 2018, eq. 8).
//!
//! Divided by `√(alpha² + sigma²)` all processes of the family follow one curve: with `u = ln(sigma/alpha)`,
//! `z = cos θ · clean + sin θ · noise`, `tan θ = eᵘ`, it is `dz/du = cos² θ · z − cos θ · E[clean | z]`, whose divergence is
//! `d cos² θ − cos θ · tr J`. So `ln p(z_0) = ln N(z_1) + ∫ div du`: finite at both ends and independent of the schedule.

use super::Divergence;
use crate::{Error, Level, Result, Samples};

/// The flow between the level of the data and one of nearly pure noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowDensity {
    data: Level,
    noise: Level,
    steps: usize,
}

/// Where the flow carried a state to, and what that says of its density.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded<X> {
    /// The state at the noisy end, of unit variance for all data.
    pub latent: X,
    /// `ln p` of each sample at the data's level, in nats.
    pub log_density: Vec<f64>,
}

impl FlowDensity {
    /// From `data`, the level of the states whose density is asked for, to `noise`, where unit noise is the prior, in
    /// `steps` fourth-order Runge–Kutta steps of `ln(sigma/alpha)`.
    ///
    /// The prior's error is of the order of `alpha/sigma` there: choose it below the accuracy wanted.
    ///
    /// # Errors
    /// Unless both have signal and noise, `noise` more of it, and `steps` is at least 1.
    pub fn new(data: Level, noise: Level, steps: usize) -> Result<Self> {
        let ends = (data.ratio(), noise.ratio());
        if !(ends.0 > 0.0 && ends.1.is_finite() && ends.0 < ends.1) {
            return Err(Error::Value {
                name: "sigma/alpha at the ends of the flow",
                found: format!("{} and {}", ends.0, ends.1),
                expected: "positive, finite and rising",
            });
        }
        if steps == 0 {
            return Err(Error::Value {
                name: "steps",
                found: "0".to_owned(),
                expected: "at least 1",
            });
        }
        Ok(Self { data, noise, steps })
    }

    /// Carries `x`, a state at the data's level, to the noise, and its density back.
    ///
    /// # Errors
    /// What the denoiser returns.
    pub fn encode<X: Samples>(&self, x: &X, denoiser: &dyn Divergence<X>) -> Result<Encoded<X>> {
        let norm = self.data.alpha.hypot(self.data.sigma);
        let (from, to) = (self.data.ratio().ln(), self.noise.ratio().ln());
        let h = (to - from) / self.steps as f64;
        let mut z = X::combine(&[(1.0 / norm, x)])?;
        let mut gained = vec![0.0; x.samples()];
        for step in 0..self.steps {
            let u = from + step as f64 * h;
            let moved = |by: f64, k: &X| X::combine(&[(1.0, &z), (by, k)]);
            let (k1, d1) = field(&z, u, denoiser)?;
            let (k2, d2) = field(&moved(0.5 * h, &k1)?, u + 0.5 * h, denoiser)?;
            let (k3, d3) = field(&moved(0.5 * h, &k2)?, u + 0.5 * h, denoiser)?;
            let (k4, d4) = field(&moved(h, &k3)?, u + h, denoiser)?;
            let sixth = h / 6.0;
            z = X::combine(&[
                (1.0, &z),
                (sixth, &k1),
                (2.0 * sixth, &k2),
                (2.0 * sixth, &k3),
                (sixth, &k4),
            ])?;
            for (i, gain) in gained.iter_mut().enumerate() {
                *gain += sixth * (d1[i] + 2.0 * d2[i] + 2.0 * d3[i] + d4[i]);
            }
        }
        let numbers = z.numbers()?.len() / z.samples();
        let prior = z.sum_pairs(&z, |z, _| super::log_normal(z, 0.0, 1.0))?;
        let log_density = prior
            .into_iter()
            .zip(gained)
            .map(|(prior, gain)| prior + gain - numbers as f64 * norm.ln())
            .collect();
        Ok(Encoded { latent: z, log_density })
    }
}

/// `dz/du` and its divergence for each sample.
fn field<X: Samples>(z: &X, u: f64, denoiser: &dyn Divergence<X>) -> Result<(X, Vec<f64>)> {
    let norm = 1.0_f64.hypot(u.exp());
    let at = Level::new(1.0 / norm, u.exp() / norm);
    let (clean, traces) = denoiser.denoise_with_trace(z, at)?;
    let square = at.alpha * at.alpha;
    let numbers = (z.numbers()?.len() / z.samples()) as f64;
    let velocity = X::combine(&[(square, z), (-at.alpha, &clean)])?;
    Ok((velocity, traces.into_iter().map(|t| numbers * square - at.alpha * t).collect()))
}
