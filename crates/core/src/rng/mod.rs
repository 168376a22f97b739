//! Random numbers: pure functions of a seed, with the same bits on every machine.
//!
//! [`Philox`] is the generator of this project: counter-based, so that any draw can be named by
//! (seed, purpose, index) and made again without the draws before it.
//! [`TorchGenerator`] makes the numbers that `torch.randn` makes on the CPU, for comparison with PyTorch.
//!
//! Both take logarithm, sine and cosine from polynomials made of IEEE 754 basic operations, not from the
//! mathematics library of the machine, whose last bit differs between systems.

mod box_muller;
mod philox;
mod torch;

pub use philox::{Philox, philox4x32};
pub use torch::TorchGenerator;
