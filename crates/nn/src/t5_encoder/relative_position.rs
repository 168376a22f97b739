//! Classes of distances between tokens (Raffel et al. 2020, section 2.1), each with a learned number per head that is added to
//! the scores of attention.
//!
//! With `b` buckets either direction has `h = b/2`; distances below `e = h/2` have one each, and a distance `d` from there on
//! has `e + ⌊(h − e) · ln(d/e)/ln(m/e)⌋`, at most `h − 1`, where `m` is the largest distance told apart.

use crate::layer::Embedding;
use burn::tensor::{Int, Tensor, TensorData};

/// How distances are divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    /// In both directions.
    pub count: usize,
    /// The distance from which on all are in one bucket.
    pub max_distance: usize,
}

impl Buckets {
    /// The bucket of a key that lies `offset` tokens after the query.
    fn bucket(self, offset: i64) -> i64 {
        let half = self.count / 2;
        let exact = half / 2;
        let distance = offset.unsigned_abs() as usize;
        let bucket = if distance < exact {
            distance
        } else {
            // In single precision, as PyTorch computes it: a rounding may decide between two buckets.
            let single = |x: f64| x as f32;
            let ratio = distance as f32 / exact as f32;
            let span = single((self.max_distance as f64 / exact as f64).ln());
            let steps = single(f64::from(ratio).ln()) / span * (half - exact) as f32;
            (exact + steps as usize).min(half - 1)
        };
        (bucket + if offset > 0 { half } else { 0 }) as i64
    }

    /// What is added to the scores of `length` queries and keys, `[1, H, length, length]`, out of a `table [count, H]`.
    pub(super) fn bias(self, table: &Embedding, length: usize) -> Tensor<4> {
        let (device, l) = (table.weight.device(), length as i64);
        let int = |values: Vec<i64>| -> Tensor<1, Int> {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), &device)
        };
        // A row of numbers for each offset from 1 − length to length − 1, then a number for each pair.
        let offsets = table.forward(int((1 - l..l).map(|offset| self.bucket(offset)).collect()));
        let pairs = (0..l).flat_map(|query| (0..l).map(move |key| key - query + l - 1)).collect();
        let heads = offsets.dims()[1];
        offsets.swap_dims(0, 1).select(1, int(pairs)).reshape([1, heads, length, length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_widen_with_the_distance() {
        let buckets = Buckets { count: 32, max_distance: 128 };
        let of = |offset: i64| buckets.bucket(offset);
        assert_eq!([0, -1, -7, -8, -11, -12].map(of), [0, 1, 7, 8, 8, 9]);
        // Powers of two fall on the edges: ln 2, 4 and 8 of ln 16.
        assert_eq!([-15, -16, -31, -32, -63, -64].map(of), [9, 10, 11, 12, 13, 14]);
        assert_eq!([-127, -128, -9999].map(of), [15; 3]);
        assert_eq!([1, 7, 8, 128].map(of), [17, 23, 24, 31]);
    }
}
