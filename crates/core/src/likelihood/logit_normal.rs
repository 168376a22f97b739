//! Variational dequantisation (Ho et al. 2019, Flow++, §3.1) with logit-normal noise: `u = width · (logistic(m + s ε) − ½)`,
//! whose parameters a network (or a formula) chooses for each value.

use super::{Dequantisation, Noised};
use crate::rng::Philox;
use crate::{Error, Result};

/// Noise that prefers one side of a bin, or its middle.
#[derive(Clone, Copy, Debug)]
pub struct LogitNormal<F> {
    width: f64,
    parameters: F,
}

impl<F: Fn(&[f64]) -> Result<Vec<(f64, f64)>>> LogitNormal<F> {
    /// Bins of the given width; `parameters` gives `(m, s)` for each value, `s` positive.
    pub fn new(width: f64, parameters: F) -> Self {
        Self { width, parameters }
    }
}

impl<F: Fn(&[f64]) -> Result<Vec<(f64, f64)>>> Dequantisation for LogitNormal<F> {
    fn draw(&self, values: &[f64], random: &mut Philox) -> Result<Noised> {
        let parameters = (self.parameters)(values)?;
        if parameters.len() != values.len() {
            return Err(Error::Shapes(values.len(), parameters.len()));
        }
        let mut noised = Noised { x: Vec::with_capacity(values.len()), log_weight: 0.0 };
        for (value, (mean, std)) in values.iter().zip(parameters) {
            let normal = random.normal();
            let logit = mean + std * normal;
            let share = 1.0 / (1.0 + (-logit).exp());
            noised.x.push(value + self.width * (share - 0.5));
            // ln |du/dε| = ln (width · share · (1 − share) · s); the product by the logit keeps its digits in both tails.
            let slope = -logit.abs() - 2.0 * (-logit.abs()).exp().ln_1p();
            noised.log_weight +=
                self.width.ln() + slope + std.ln() - super::log_normal(normal, 0.0, 1.0);
        }
        Ok(noised)
    }
}
