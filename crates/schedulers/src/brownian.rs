//! Brownian motion over noise levels, refined where it is asked for: a path that does not depend on the steps.
//!
//! Each interval is halved; given its increment `W`, the left half's is `W/2` in mean with a quarter of its length as
//! variance, and the right half's is the rest (Lévy 1948). Ends are rounded to a millionth, so that the halves of any
//! interval that is asked for come to an end. With PyTorch's generator the numbers are those of torchsde's
//! `BrownianInterval` as diffusers uses it.

use langevin_core::rng::{Philox, TorchGenerator};

use crate::noise::{Noise, Source};
use crate::seed_sequence::first_seed;
use crate::{Batch, Result};

/// Purpose number of the random stream of a sample's Brownian motion.
const PURPOSE: u64 = 0xB407;

/// How much entropy torchsde pools.
const POOL: usize = 24;

/// An increment of Brownian motion between two levels, divided by the root of its length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Increment {
    /// The least and the largest level of the motion.
    pub range: (f64, f64),
    /// From this level …
    pub from: f64,
    /// … to this one.
    pub to: f64,
    /// The seed of the motion; `None` is that of the run.
    pub seed: Option<u64>,
}

/// One interval of the tree: its ends, its index among those of its depth, its depth and its increment.
struct Node {
    start: f64,
    end: f64,
    index: u64,
    depth: u64,
    increment: Vec<f64>,
}

impl Noise {
    /// Standard normal numbers that are the increment's, with the sign of the direction.
    pub(crate) fn increment(&self, increment: &Increment) -> Result<Batch> {
        let (least, most) = increment.range;
        let (low, high) = (increment.from.min(increment.to), increment.from.max(increment.to));
        let sign = if increment.from < increment.to { 1.0 } else { -1.0 };
        let (start, end) = (rounded(least), rounded(most));
        let inside = |t: f64| rounded(t.clamp(start, end));
        let width = (most - least).sqrt();
        let root = Node {
            start,
            end,
            index: 0,
            depth: 0,
            increment: self.node(increment.seed, None).iter().map(|x| width * x).collect(),
        };
        let (from, to) = (inside(low), inside(high));
        let drawn = if from == to {
            vec![0.0; root.increment.len()]
        } else {
            self.between(increment.seed, root, from, to)
        };
        let scale = sign / (high - low).sqrt();
        Batch::new(drawn.into_iter().map(|x| scale * x).collect(), self.dimension)
    }

    /// The increment between two levels inside a node.
    fn between(&self, seed: Option<u64>, node: Node, from: f64, to: f64) -> Vec<f64> {
        let Node { start, end, index, depth, increment } = node;
        let middle = rounded(0.5 * (end + start));
        if (from == start && to == end) || middle <= start || middle >= end {
            return increment;
        }
        let share = (middle - start) / (end - start);
        let deviation = ((middle - start) * (end - middle) / (end - start)).sqrt();
        let noise = self.node(seed, Some((index, depth)));
        let left: Vec<f64> =
            increment.iter().zip(noise).map(|(w, z)| share * w + deviation * z).collect();
        let right: Vec<f64> = increment.iter().zip(&left).map(|(w, l)| w - l).collect();
        let child = |(start, end), index, increment| Node {
            start,
            end,
            index,
            depth: depth + 1,
            increment,
        };
        let first = (from < middle).then(|| {
            self.between(seed, child((start, middle), 2 * index, left), from, to.min(middle))
        });
        let second = (to > middle).then(|| {
            self.between(seed, child((middle, end), 2 * index + 1, right), from.max(middle), to)
        });
        match (first, second) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a + b).collect(),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => increment,
        }
    }

    /// The normal numbers of a node that is split, or of the whole motion.
    fn node(&self, seed: Option<u64>, place: Option<(u64, u64)>) -> Vec<f64> {
        let mut values = vec![0.0f32; self.count * self.dimension];
        match &self.source {
            Source::Torch(_) => {
                let path = place.map(|(index, depth)| [index, depth]);
                let path = path.as_ref().map_or(&[][..], |path| &path[..]);
                let seed = first_seed(seed.unwrap_or(self.seed), path, POOL);
                TorchGenerator::new(u64::from(seed)).randn(&mut values);
            }
            Source::Philox { .. } => {
                // Depths stay below 64, so that each place has its number; 0 is the whole motion.
                let place = place.map_or(0, |(index, depth)| 1 + (index << 6 | depth));
                for (i, sample) in values.chunks_mut(self.dimension).enumerate() {
                    let seed = seed.unwrap_or(self.seed).wrapping_add(i as u64);
                    Philox::new(seed, PURPOSE, place).fill_normal(sample);
                }
            }
        }
        values.into_iter().map(f64::from).collect()
    }
}

/// Rounded to six digits behind the point, as the decimal that is nearest.
fn rounded(x: f64) -> f64 {
    format!("{x:.6}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RngKind;

    fn increment(noise: &Noise, from: f64, to: f64) -> Vec<f64> {
        let increment = Increment { range: (0.03, 14.6), from, to, seed: Some(7) };
        let length = (to - from).abs().sqrt();
        let drawn = noise.increment(&increment).unwrap();
        drawn.values().iter().map(|x| x * length).collect()
    }

    #[test]
    fn increments_add_up() {
        for kind in [RngKind::Philox, RngKind::Torch] {
            let noise = Noise::new(kind, 3, 2, 2);
            let whole = increment(&noise, 9.0, 0.5);
            let (first, second) = (increment(&noise, 9.0, 4.2), increment(&noise, 4.2, 0.5));
            for ((w, a), b) in whole.iter().zip(first).zip(second) {
                assert!((w - a - b).abs() < 1e-12, "{w} {a} {b}");
            }
        }
    }

    #[test]
    fn increments_are_standard_normal() {
        let noise = Noise::new(RngKind::Philox, 1, 20_000, 1);
        let increment = Increment { range: (0.0, 10.0), from: 7.3, to: 2.1, seed: None };
        let drawn = noise.increment(&increment).unwrap();
        let mean = drawn.values().iter().sum::<f64>() / 20_000.0;
        let square = drawn.values().iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        // Five standard errors.
        assert!(mean.abs() < 5.0 / 20_000f64.sqrt(), "{mean}");
        assert!((square - 1.0).abs() < 5.0 * (2.0f64 / 20_000.0).sqrt(), "{square}");
    }

    /// What `BrownianTreeNoiseSampler(torch.zeros(4, 5), 0.03, 14.6, seed=7)` of diffusers 0.42.1 returns.
    #[test]
    fn increments_are_those_of_torchsde() {
        let noise = Noise::new(RngKind::Torch, 3, 4, 5);
        for (from, to, first) in TORCHSDE {
            let increment = Increment {
                range: (f64::from(0.03f32), f64::from(14.6f32)),
                from,
                to,
                seed: Some(7),
            };
            let drawn = noise.increment(&increment).unwrap();
            for (ours, theirs) in drawn.values().iter().zip(first) {
                assert!((ours - theirs).abs() < 1e-5, "{from} {to}: {ours} {theirs}");
            }
        }
    }

    const TORCHSDE: [(f64, f64, [f64; 3]); 3] = [
        (14.600000381469727, 9.0, [-0.4254598, 0.3700294, 1.7666321]),
        (9.0, 2.5, [0.7754378, -0.1417005, -0.2749023]),
        (0.25, 0.029999999329447746, [0.3368768, 0.5118254, -0.6649337]),
    ];
}
