//! A table of vectors looked up by index, as `torch.nn.Embedding` with its parameter `weight [rows, dim]`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};

/// A table with its parameter.
#[derive(Module, Debug)]
pub struct Embedding {
    /// One vector per row.
    pub weight: Param<Tensor<2>>,
}

impl Embedding {
    /// A table of `rows` vectors of `dim` numbers, drawn from N(0, 1) as PyTorch does.
    pub fn new(init: &mut Init<'_>, rows: usize, dim: usize) -> Self {
        Self { weight: init.normal([rows, dim], 1.0) }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.weight.dims()[0]
    }

    /// The rows `indices [N]`, as `[N, dim]`; every index must be below [`Embedding::rows`].
    pub fn forward(&self, indices: Tensor<1, Int>) -> Tensor<2> {
        self.weight.val().select(0, indices)
    }
}
