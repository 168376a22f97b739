//! CPU kernels of the operations that dominate a diffusion network, and their registration as differentiable Burn
//! operations: every function here takes and returns [`burn::Tensor`]s and works, with gradients, on every backend.

#![deny(unsafe_op_in_unsafe_fn)]

mod attention;
mod conv2d;
mod flex;
mod gemm;
mod group_norm;
mod linear;
pub mod optim;
mod reduce;
mod scratch;
mod silu;
mod simd;
#[cfg(test)]
mod testing;

pub use attention::attention;
pub use conv2d::{Conv2dOptions, conv2d};
pub use group_norm::{GroupNormOptions, group_norm};
pub use linear::linear;
pub use silu::silu;
pub use simd::{Isa, isa, set_isa};
