//! Tensors of Burn as batches of samples: the first axis counts the samples, the second their channels.

use burn::tensor::Tensor;

use crate::{Learned, Sample};

impl<const D: usize> Sample for Tensor<D> {
    fn clip(self, range: f64) -> Self {
        self.clamp(-range, range)
    }

    fn threshold(self, ratio: f64, max: f64) -> Self {
        let shape = self.dims();
        let flat = rows(self);
        let [count, size] = flat.dims();
        let sizes = flat.clone().abs().sort(1);
        let position = ratio * (size - 1) as f64;
        let below = (position as usize).min(size - 1);
        let above = (below + 1).min(size - 1);
        let (low, high) = (sizes.clone().narrow(1, below, 1), sizes.narrow(1, above, 1));
        let quantile = low.clone() + (high - low) * (position - below as f64);
        let s = quantile.clamp_min(1.0).clamp_max(max).expand([count, size]);
        (flat.min_pair(s.clone()).max_pair(-s.clone()) / s).reshape(shape)
    }

    fn channels(&self) -> usize {
        self.dims().get(1).copied().unwrap_or(1)
    }

    fn split_channels(self, channels: usize) -> (Self, Self) {
        let rest = self.channels() - channels;
        (self.clone().narrow(1, 0, channels), self.narrow(1, channels, rest))
    }

    fn deviation(self, learned: Learned) -> Self {
        match learned {
            Learned::Variance => self.sqrt(),
            Learned::Range { low, high } => {
                ((self + 1.0) * (0.25 * (high - low)) + 0.5 * low).exp()
            }
        }
    }

    fn product(self, other: &Self) -> Self {
        self * other.clone()
    }

    fn norms(&self) -> Vec<f64> {
        let squares = rows(self.clone()).powi_scalar(2).sum_dim(1).into_data();
        squares.iter::<f64>().map(f64::sqrt).collect()
    }
}

/// One row for each sample.
fn rows<const D: usize>(x: Tensor<D>) -> Tensor<2> {
    let count = x.dims().first().copied().unwrap_or(1);
    let size = x.shape().num_elements() / count.max(1);
    x.reshape([count, size])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::Batch;

    const VALUES: [f32; 8] = [0.5, -4.0, 2.0, 0.1, 0.2, -0.3, 0.25, 3.0];

    fn both() -> (Tensor<4>, Batch) {
        let tensor = Tensor::<1>::from_floats(VALUES, &Device::flex()).reshape([2, 1, 2, 2]);
        (tensor, Batch::new(VALUES.into_iter().map(f64::from).collect(), 4).unwrap())
    }

    fn close(tensor: Tensor<4>, batch: &Batch) {
        for (ours, expected) in tensor.into_data().iter::<f64>().zip(batch.values()) {
            let scale = expected.abs().max(1.0);
            assert!((ours - expected).abs() < 1e-6 * scale, "{ours} {expected}");
        }
    }

    #[test]
    fn a_tensor_is_thresholded_like_a_batch() {
        for (ratio, max) in [(0.5, 10.0), (0.9, 1.5), (1.0, 100.0), (0.0, 1.0)] {
            let (tensor, batch) = both();
            close(tensor.threshold(ratio, max), &batch.threshold(ratio, max));
        }
        let (tensor, batch) = both();
        close(tensor.clip(0.4), &batch.clip(0.4));
    }

    #[test]
    fn variances_are_read_like_those_of_a_batch() {
        for learned in [Learned::Range { low: -9.0, high: -2.0 }, Learned::Variance] {
            let (tensor, batch) = both();
            let squared = (tensor.clone().product(&tensor), batch.clone().product(&batch));
            close(squared.0.deviation(learned), &squared.1.deviation(learned));
        }
        let (tensor, batch) = both();
        let (first, others) = tensor.reshape([2, 4, 1, 1]).split_channels(1);
        let (expected, rest) = batch.split_channels(1);
        close(first, &expected);
        close(others, &rest);
    }

    #[test]
    fn norms_are_those_of_each_sample() {
        let (tensor, batch) = both();
        for (ours, expected) in tensor.norms().into_iter().zip(batch.norms()) {
            assert!((ours - expected).abs() < 1e-6, "{ours} {expected}");
        }
    }
}
