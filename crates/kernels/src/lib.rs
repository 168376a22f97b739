//! CPU kernels of the operations that dominate a diffusion network, and their registration as differentiable Burn
//! operations: every function here takes and returns [`burn::Tensor`]s and works, with gradients, on every backend.
//!
//! Each operation is a folder: the public function and its composed form (`mod.rs`), safe functions on slices, and the
//! Burn operation with its hand-written backward pass (`op.rs`). Single-precision tensors of the CPU backend take the
//! kernels; all others take the composed form, and so do they where [`set_engine`] says so.
//!
//! Kernels are written once against a vector of lanes and compiled for AVX-512, AVX2 with FMA, NEON and plain Rust; the
//! choice is made at run time ([`isa`], [`set_isa`]). Results do not depend on the number of threads, and an image's
//! result not on the batch it is in.
//!
//! What else needs `unsafe` is here, too: the [`Allocator`] and the [`MappedFile`].

#![deny(unsafe_op_in_unsafe_fn)]

mod activation;
mod add_scaled;
mod allocator;
mod attention;
mod concat_channels;
mod conv2d;
mod engine;
mod flex;
mod fresh;
mod geglu;
mod gemm;
mod group_norm;
mod linear;
mod mapped_file;
mod operation;
pub mod optim;
mod reduce;
mod row_norm;
#[cfg_attr(feature = "exact-scratch", path = "exact_scratch.rs")]
mod scratch;
mod simd;
mod softmax;
#[cfg(test)]
mod testing;
mod upsample_nearest;
mod widen;

pub use activation::{gelu, gelu_tanh, mish, silu};
pub use add_scaled::add_scaled;
pub use allocator::Allocator;
#[cfg(feature = "mimalloc")]
pub use allocator::keep_pages;
pub use attention::{AttentionMask, attention, attention_masked};
pub use concat_channels::concat_channels;
pub use conv2d::{Conv2dOptions, conv2d, conv2d_plus};
pub use engine::{Engine, engine, set_engine};
pub use geglu::geglu;
pub use group_norm::{Conditioning, GroupNormOptions, group_norm};
pub use linear::linear;
pub use mapped_file::MappedFile;
pub use row_norm::{layer_norm, rms_norm};
pub use simd::{Isa, isa, set_isa};
pub use softmax::softmax;
pub use upsample_nearest::upsample_nearest_2x;
