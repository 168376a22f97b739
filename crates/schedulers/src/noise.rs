//! The noise of a batch, from our generator or as `torch.randn([N, d])` draws it.

use langevin_core::rng::{Philox, TorchGenerator};

use crate::brownian::Increment;
use crate::{Batch, Error, Result};

/// Purpose number of the random stream of a sample's noise.
const PURPOSE_NOISE: u64 = 0x5A3B;

/// Which generator draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RngKind {
    /// Philox 4×32-10, addressed by (seed + sample, draw): a sample does not depend on its neighbours.
    #[default]
    Philox,
    /// PyTorch's CPU generator with this seed, which draws for the whole batch at once.
    Torch,
}

impl RngKind {
    /// Both, for help texts and errors.
    pub const NAMES: [&'static str; 2] = ["philox", "torch"];
}

impl std::fmt::Display for RngKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

impl std::str::FromStr for RngKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "philox" => Ok(Self::Philox),
            "torch" => Ok(Self::Torch),
            _ => Err(Error::Number {
                name: "the generator",
                found: format!("\"{name}\""),
                expected: "philox or torch".to_owned(),
            }),
        }
    }
}

/// Where the noise of a run comes from.
pub trait NoiseSource<X> {
    /// The next standard normal draw of the state's shape.
    ///
    /// # Errors
    /// What keeps it from being drawn.
    fn draw(&mut self) -> Result<X>;

    /// The increment of one Brownian motion between two levels, divided by the root of its length.
    ///
    /// # Errors
    /// What keeps it from being drawn.
    fn increment(&mut self, increment: &Increment) -> Result<X>;
}

/// Draws of `[count, dimension]` numbers.
#[derive(Clone, Debug)]
pub struct Noise {
    pub(crate) source: Source,
    pub(crate) seed: u64,
    pub(crate) count: usize,
    pub(crate) dimension: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Philox { draws: u64 },
    Torch(Box<TorchGenerator>),
}

impl Noise {
    /// The noise of `count` samples of `dimension` numbers.
    pub fn new(kind: RngKind, seed: u64, count: usize, dimension: usize) -> Self {
        let source = match kind {
            RngKind::Philox => Source::Philox { draws: 0 },
            RngKind::Torch => Source::Torch(Box::new(TorchGenerator::new(seed))),
        };
        Self { source, seed, count, dimension }
    }
}

impl NoiseSource<Batch> for Noise {
    fn draw(&mut self) -> Result<Batch> {
        let mut values = vec![0.0f32; self.count * self.dimension];
        match &mut self.source {
            Source::Torch(generator) => generator.randn(&mut values),
            Source::Philox { draws } => {
                let mut seed = self.seed;
                for sample in values.chunks_mut(self.dimension) {
                    Philox::new(seed, PURPOSE_NOISE, *draws).fill_normal(sample);
                    seed = seed.wrapping_add(1);
                }
                *draws += 1;
            }
        }
        Batch::new(values.into_iter().map(f64::from).collect(), self.dimension)
    }

    fn increment(&mut self, increment: &Increment) -> Result<Batch> {
        Self::increment(self, increment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_does_not_depend_on_its_neighbours() {
        let mut both = Noise::new(RngKind::Philox, 5, 2, 3);
        let mut second = Noise::new(RngKind::Philox, 6, 1, 3);
        for _ in 0..2 {
            assert_eq!(both.draw().unwrap().values()[3..], *second.draw().unwrap().values());
        }
    }

    /// The first numbers of `torch.randn(4, 4)` after `manual_seed(0)`.
    #[test]
    fn torch_draws_the_whole_batch() {
        let drawn = Noise::new(RngKind::Torch, 0, 4, 4).draw().unwrap();
        for (ours, torch) in drawn.values().iter().zip([-1.1258, -1.1524, -0.2506, -0.4339]) {
            assert!((ours - torch).abs() < 1e-4, "{ours} {torch}");
        }
    }
}
