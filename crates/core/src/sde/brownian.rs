//! A Brownian path that can be asked for at any time, in any order, with the same answer: midpoints of intervals are
//! drawn by the Brownian bridge, each from its own stream (Lévy 1948; Li et al. 2020, virtual Brownian tree).
//!
//! `W(m) = (W(a) + W(b))/2 + √(b − a)/2 · z` at the midpoint `m` of `[a, b]`.

use crate::rng::Philox;
use crate::trajectory::NoiseSource;
use crate::{Error, Result};

/// The purpose of the random streams, "brow".
const PURPOSE: u64 = 0x6272_6F77;

/// Halvings down to 2^-40 of the interval; inside the last one the path is a straight line.
const DEPTH: u32 = 40;

/// A path on `[0, 1]` in several dimensions, a pure function of its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brownian {
    seed: u64,
    dimension: usize,
}

impl Brownian {
    /// The path of this seed.
    pub fn new(seed: u64, dimension: usize) -> Self {
        Self { seed, dimension }
    }

    /// `W(t)` for `t` clamped to `[0, 1]`; `W(0) = 0`.
    pub fn at(&self, t: f64) -> Vec<f64> {
        let t = t.clamp(0.0, 1.0);
        let mut low = vec![0.0; self.dimension];
        let mut high = self.normals(0);
        let (mut from, mut length, mut node) = (0.0, 1.0f64, 1u64);
        for _ in 0..DEPTH {
            if t == from {
                return low;
            }
            if t == from + length {
                return high;
            }
            let spread = 0.5 * length.sqrt();
            let middle: Vec<f64> = (self.normals(node).iter().zip(&low).zip(&high))
                .map(|((z, a), b)| 0.5 * (a + b) + spread * z)
                .collect();
            length *= 0.5;
            node *= 2;
            if t < from + length {
                high = middle;
            } else {
                low = middle;
                from += length;
                node += 1;
            }
        }
        let share = (t - from) / length;
        low.iter().zip(&high).map(|(a, b)| a + share * (b - a)).collect()
    }

    /// `W(to) − W(from)`.
    pub fn increment(&self, from: f64, to: f64) -> Vec<f64> {
        self.at(to).iter().zip(self.at(from)).map(|(b, a)| b - a).collect()
    }

    fn normals(&self, node: u64) -> Vec<f64> {
        let mut random = Philox::new(self.seed, PURPOSE, node);
        (0..self.dimension).map(|_| random.normal()).collect()
    }
}

/// The noise of a trajectory's steps from one path: step `k` gets the increment between its times, scaled to unit variance,
/// so that runs of different numbers of steps follow the same path.
#[derive(Clone, Debug, PartialEq)]
pub struct BrownianNoise {
    path: Brownian,
    times: Vec<f64>,
}

impl BrownianNoise {
    /// `times[k]` and `times[k + 1]` are those of step `k`: distinct numbers in `[0, 1]`.
    pub fn new(path: Brownian, times: Vec<f64>) -> Self {
        Self { path, times }
    }
}

impl NoiseSource<Vec<f64>> for BrownianNoise {
    fn noise(&self, step: usize) -> Result<Vec<f64>> {
        let (Some(from), Some(to)) = (self.times.get(step), self.times.get(step + 1)) else {
            let expected = "below the number of the path's steps";
            return Err(Error::Value { name: "step", found: step.to_string(), expected });
        };
        let scale = (to - from).abs().sqrt();
        Ok(self.path.increment(*from, *to).iter().map(|w| w / scale).collect())
    }
}
