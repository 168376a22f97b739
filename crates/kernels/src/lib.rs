//! CPU kernels of the operations that dominate a diffusion network, and their registration as differentiable Burn
//! operations: every function here takes and returns [`burn::Tensor`]s and works, with gradients, on every backend.
//!
//! Each operation is a folder: the public function and its composed form (`mod.rs`), safe functions on slices, and the
//! Burn operation with its hand-written backward pass (`op.rs`). Single-precision tensors of the CPU backend take the
//! kernels; all others take the composed form.
//!
//! Kernels are written once against a vector of lanes and compiled for AVX-512, AVX2 with FMA, NEON and plain Rust; the
//! choice is made at run time ([`isa`], [`set_isa`]). Results do not depend on the number of threads, and an image's
//! result not on the batch it is in.

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

pub use attention::{AttentionMask, attention, attention_masked};
pub use conv2d::{Conv2dOptions, conv2d};
pub use group_norm::{GroupNormOptions, group_norm};
pub use linear::linear;
pub use silu::silu;
pub use simd::{Isa, isa, set_isa};
