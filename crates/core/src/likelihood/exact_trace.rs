//! The exact trace, one number of the diagonal at a time: `tr J = Σ eᵢᵀ J eᵢ`.

use super::{Divergence, Jacobian};
use crate::{Level, Result, Samples};

/// As many Jacobian products as a sample has numbers.
#[derive(Clone, Copy, Debug)]
pub struct ExactTrace<D>(pub D);

impl<X: Samples, D: Jacobian<X>> Divergence<X> for ExactTrace<D> {
    fn denoise_with_trace(&self, x: &X, at: Level) -> Result<(X, Vec<f64>)> {
        let clean = self.0.denoise(x, at)?;
        let total = x.numbers()?.len();
        let size = total / x.samples();
        let mut traces = vec![0.0; x.samples()];
        for i in 0..size {
            // The same unit vector in each sample of the batch.
            let unit = (0..total).map(|n| f64::from(u8::from(n % size == i))).collect();
            let unit = x.like(unit)?;
            let diagonal = unit.sum_pairs(&self.0.product(x, &unit, at)?, |v, jv| v * jv)?;
            traces.iter_mut().zip(diagonal).for_each(|(trace, entry)| *trace += entry);
        }
        Ok((clean, traces))
    }
}
