//! A mixture of diagonal Gaussians at one noise level: what does not depend on the state is computed once, for many states.

use crate::{GaussianMixture, Level};

/// The mixture `Σ w_k · N(alpha · m_k, alpha² · s_k² + sigma²)` of the noisy data, from [`GaussianMixture::at`].
#[derive(Clone, Debug)]
pub struct NoisyMixture {
    at: Level,
    dimension: usize,
    /// `ln w_k`.
    log_weights: Vec<f64>,
    /// `k · d` of them, component by component.
    axes: Vec<Axis>,
}

/// One dimension of one component.
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// `m`.
    mean: f64,
    /// `alpha · m`.
    centre: f64,
    /// `alpha² · s² + sigma²`.
    variance: f64,
    /// `ln 2π variance`.
    log_norm: f64,
    /// `alpha · s²/variance`.
    gain: f64,
}

impl GaussianMixture {
    /// The mixture at this level.
    pub fn at(&self, at: Level) -> NoisyMixture {
        let axis = |(&mean, &std): (&f64, &f64)| {
            let variance = (at.alpha * std).powi(2) + at.sigma.powi(2);
            Axis {
                mean,
                centre: at.alpha * mean,
                variance,
                log_norm: (std::f64::consts::TAU * variance).ln(),
                gain: at.alpha * std.powi(2) / variance,
            }
        };
        NoisyMixture {
            at,
            dimension: self.dimension(),
            log_weights: self.components().map(|(weight, ..)| weight.ln()).collect(),
            axes: self.components().flat_map(|(_, m, s)| m.iter().zip(s).map(axis)).collect(),
        }
    }
}

impl NoisyMixture {
    /// How many components there are.
    pub fn components(&self) -> usize {
        self.log_weights.len()
    }

    /// `ln (w_k · N_k(x))` for each component.
    ///
    /// # Panics
    /// Where `x` or `out` has another length than the dimension or the number of components.
    pub fn log_terms(&self, x: &[f64], out: &mut [f64]) {
        assert_eq!(x.len(), self.dimension, "a state has the dimension of the mixture");
        assert_eq!(out.len(), self.components(), "there is one term for each component");
        let components = self.axes.chunks(self.dimension).zip(&self.log_weights);
        for ((axes, log_weight), out) in components.zip(out) {
            let quadratic: f64 = axes
                .iter()
                .zip(x)
                .map(|(axis, x)| (x - axis.centre).powi(2) / axis.variance + axis.log_norm)
                .sum();
            *out = log_weight - 0.5 * quadratic;
        }
    }

    /// The probability of each component given the state `x`; they add up to 1.
    ///
    /// # Panics
    /// As [`log_terms`](Self::log_terms).
    pub fn responsibilities(&self, x: &[f64], out: &mut [f64]) {
        self.log_terms(x, out);
        let total = log_sum_exp(out);
        out.iter_mut().for_each(|log| *log = (*log - total).exp());
    }

    /// `E[clean | x]` in dimension `i`, given the responsibilities of its components.
    pub fn clean(&self, x: &[f64], responsibilities: &[f64], i: usize) -> f64 {
        if self.at.sigma == 0.0 {
            return x[i] / self.at.alpha;
        }
        self.expect(responsibilities, i, |axis| axis.mean + axis.gain * (x[i] - axis.centre))
    }

    /// `∇ ln p(x)` in dimension `i`, given the responsibilities of its components.
    pub fn score(&self, x: &[f64], responsibilities: &[f64], i: usize) -> f64 {
        self.expect(responsibilities, i, |axis| (axis.centre - x[i]) / axis.variance)
    }

    /// `Σ r_k · f(k, i)`.
    fn expect(&self, responsibilities: &[f64], i: usize, f: impl Fn(&Axis) -> f64) -> f64 {
        let axes = self.axes[i..].iter().step_by(self.dimension);
        responsibilities.iter().zip(axes).map(|(r, axis)| r * f(axis)).sum()
    }
}

/// `ln Σ exp`, without overflow.
pub(crate) fn log_sum_exp(logs: &[f64]) -> f64 {
    let max = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + logs.iter().map(|log| (log - max).exp()).sum::<f64>().ln()
}
