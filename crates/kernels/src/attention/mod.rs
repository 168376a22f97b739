//! Scaled dot-product attention (Vaswani et al. 2017, eq. 1): `softmax(scale · q kᵀ) v`, per head.

use burn::tensor::{Tensor, activation::softmax};

/// Attends from `q [B, H, L, D]` to `k [B, H, S, D]` and mixes `v [B, H, S, E]` into `[B, H, L, E]`.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, scale: f64) -> Tensor<4> {
    softmax(q.matmul(k.swap_dims(2, 3)) * scale, 3).matmul(v)
}
