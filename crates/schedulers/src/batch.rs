//! Several samples of one dimension, side by side: the `[N, d]` tensor of a trace.

use langevin_core::State;

use crate::{Error, Learned, Result, Sample};

/// `N` samples of `d` numbers each.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    values: Vec<f64>,
    dimension: usize,
}

impl Batch {
    /// The samples of `dimension` numbers that stand in `values` one after the other.
    ///
    /// # Errors
    /// Where the dimension is 0 or does not divide the count.
    pub fn new(values: Vec<f64>, dimension: usize) -> Result<Self> {
        if dimension == 0 || !values.len().is_multiple_of(dimension) {
            return Err(Error::Number {
                name: "the dimension of a batch",
                found: dimension.to_string(),
                expected: format!("at least 1 and a divisor of {}", values.len()),
            });
        }
        Ok(Self { values, dimension })
    }

    /// All numbers, sample by sample.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Numbers per sample.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The samples.
    pub fn samples(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.dimension)
    }

    /// The batch of what `map` makes of each sample.
    pub(crate) fn map(&self, map: impl FnMut(&[f64]) -> Vec<f64>) -> Self {
        Self { values: self.samples().flat_map(map).collect(), dimension: self.dimension }
    }
}

impl State for Batch {
    fn combine(terms: &[(f64, &Self)]) -> langevin_core::Result<Self> {
        let dimension = terms.first().map_or(1, |(_, batch)| batch.dimension);
        let values: Vec<_> = terms.iter().map(|(c, batch)| (*c, &batch.values)).collect();
        Ok(Self { values: State::combine(&values)?, dimension })
    }
}

impl Sample for Batch {
    fn clip(mut self, range: f64) -> Self {
        self.values.iter_mut().for_each(|x| *x = x.max(-range).min(range));
        self
    }

    fn threshold(self, ratio: f64, max: f64) -> Self {
        self.map(|sample| {
            let mut sizes: Vec<f64> = sample.iter().map(|x| x.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            let s = quantile(&sizes, ratio).max(1.0).min(max);
            sample.iter().map(|x| x.max(-s).min(s) / s).collect()
        })
    }

    fn channels(&self) -> usize {
        self.dimension
    }

    fn split_channels(self, channels: usize) -> (Self, Self) {
        let part = |range: std::ops::Range<usize>| Self {
            values: self.samples().flat_map(|sample| &sample[range.clone()]).copied().collect(),
            dimension: range.len().max(1),
        };
        (part(0..channels), part(channels..self.dimension))
    }

    fn deviation(mut self, learned: Learned) -> Self {
        for x in &mut self.values {
            *x = match learned {
                Learned::Variance => x.sqrt(),
                Learned::Range { low, high } => {
                    (0.25 * (*x + 1.0) * (high - low) + 0.5 * low).exp()
                }
            };
        }
        self
    }

    fn product(mut self, other: &Self) -> Self {
        self.values.iter_mut().zip(&other.values).for_each(|(x, y)| *x *= y);
        self
    }

    fn norms(&self) -> Vec<f64> {
        self.samples().map(|sample| sample.iter().map(|x| x * x).sum::<f64>().sqrt()).collect()
    }
}

/// The quantile of sorted numbers, interpolated linearly between neighbours.
fn quantile(sorted: &[f64], ratio: f64) -> f64 {
    let position = ratio * (sorted.len() - 1) as f64;
    let below = (position as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_its_own_threshold() {
        let batch = Batch::new(vec![0.5, -4.0, 2.0, 0.1, 0.2, -0.3], 3).unwrap();
        // Median magnitudes 2 and 0.2, of which the second is raised to 1.
        let expected = [0.25, -1.0, 1.0, 0.1, 0.2, -0.3];
        assert_eq!(batch.clone().threshold(0.5, 10.0).values(), expected);
        assert_eq!(batch.clone().threshold(0.5, 1.0).values(), [0.5, -1.0, 1.0, 0.1, 0.2, -0.3]);
        assert_eq!(batch.clone().clip(1.0), batch.threshold(0.0, 1.0));
    }

    #[test]
    fn quantiles_are_interpolated() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), 4.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }

    #[test]
    fn a_batch_has_whole_samples() {
        assert!(Batch::new(vec![1.0; 5], 2).is_err());
        assert!(Batch::new(vec![], 0).is_err());
    }
}
