//! The first, fixed or looked-up, embedding of a network's time input.

use super::{Embedding, GaussianFourier, Sinusoidal};
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// How a time becomes a vector.
#[derive(Module, Debug)]
pub enum TimeProjection {
    /// Sines and cosines of fixed frequencies.
    Positional(Positional),
    /// Random Fourier features of the logarithm.
    Fourier(GaussianFourier),
    /// A table with one row per integer time.
    Learned(Embedding),
}

/// [`Sinusoidal`] as a module without parameters.
#[derive(Module, Debug)]
pub struct Positional {
    #[module(skip)]
    embedding: Sinusoidal,
}

impl Positional {
    /// Wraps an embedding.
    pub fn new(embedding: Sinusoidal) -> Self {
        Self { embedding }
    }
}

impl TimeProjection {
    /// Embeds `t [N]`; a table takes the integer part.
    pub fn forward(&self, t: Tensor<1>) -> Tensor<2> {
        match self {
            Self::Positional(p) => p.embedding.forward(t),
            Self::Fourier(f) => f.forward(t),
            Self::Learned(table) => {
                let index: Tensor<1, Int> = t.int();
                table.forward(index)
            }
        }
    }
}
