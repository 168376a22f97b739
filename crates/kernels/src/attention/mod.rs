//! Scaled dot-product attention (Vaswani et al. 2017, eq. 1): `softmax(scale · q kᵀ) v`, per head.

mod backward;
mod forward;
mod op;
mod softmax;
#[cfg(test)]
mod tests;
mod views;

use burn::tensor::{Tensor, activation};

use crate::flex::native;

/// Attends from `q [B, H, L, D]` to `k [B, H, S, D]` and mixes `v [B, H, S, E]` into `[B, H, L, E]`.
///
/// The inputs are read where they lie, whatever their strides. The result lies in memory as `[B, L, H, E]`, so that
/// swapping heads and positions back and joining the heads costs nothing; so do the gradients.
/// No score matrix is kept: a thread holds the scores of some tens of queries, and the backward pass computes them again.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, scale: f64) -> Tensor<4> {
    if native(&q) && native(&k) && native(&v) {
        op::run(q, k, v, scale)
    } else {
        composed(q, k, v, scale)
    }
}

/// The same from Burn's own operations.
pub(crate) fn composed(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, scale: f64) -> Tensor<4> {
    activation::softmax(q.matmul(k.swap_dims(2, 3)) * scale, 3).matmul(v)
}
