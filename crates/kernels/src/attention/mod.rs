//! Scaled dot-product attention (Vaswani et al. 2017, eq. 1): `softmax(scale · q kᵀ + mask) v`, per head.

mod backward;
mod forward;
mod mask;
mod mix;
mod op;
mod piece;
#[cfg(test)]
mod tests;
mod views;

use burn::tensor::{Bool, Tensor, activation};

use crate::flex::native;

/// Which keys a query sees.
#[allow(clippy::large_enum_variant, reason = "it is made and matched once a call")]
#[derive(Clone, Debug, Default)]
pub enum AttentionMask {
    /// All of them.
    #[default]
    None,
    /// Query `i` sees the keys `j ≤ i`, both counted from the first, also where there are more of one than of the other.
    Causal,
    /// `[B or 1, H or 1, L or 1, S or 1]` is added to the scaled scores; minus infinity hides a key. It gets no gradient.
    Additive(Tensor<4>),
}

/// Attends from `q [B, H, L, D]` to `k [B, H, S, D]` and mixes `v [B, H, S, E]` into `[B, H, L, E]`.
///
/// See [`attention_masked`], which also says where some keys are hidden.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, scale: f64) -> Tensor<4> {
    attention_masked(q, k, v, scale, AttentionMask::None)
}

/// [`attention`] in which `mask` hides keys or shifts their scores. A query that sees no key gets zeros and has no gradient.
///
/// The inputs are read where they lie, whatever their strides. The result lies in memory as `[B, L, H, E]`, so that
/// swapping heads and positions back and joining the heads costs nothing; so do the gradients.
/// No score matrix is kept: a thread holds the scores of one block of keys against a few tens of queries. Besides its inputs and the
/// result the forward pass leaves one number for each query, from which the backward pass computes the scores again.
/// Keys that the causal mask hides from a whole block of queries are not read, so not even a NaN among them shows.
///
/// # Panics
/// When the shapes do not fit one another.
pub fn attention_masked(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    scale: f64,
    mask: AttentionMask,
) -> Tensor<4> {
    let mask_native = match &mask {
        AttentionMask::None | AttentionMask::Causal => true,
        AttentionMask::Additive(mask) => native(mask),
    };
    if mask_native && native(&q) && native(&k) && native(&v) {
        op::run(q, k, v, scale, mask)
    } else {
        composed(q, k, v, scale, mask)
    }
}

/// The same from Burn's own operations.
pub(crate) fn composed(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    scale: f64,
    mask: AttentionMask,
) -> Tensor<4> {
    let scores = q.matmul(k.swap_dims(2, 3)) * scale;
    let [b, h, queries, keys] = scores.dims();
    let scores = match mask {
        AttentionMask::None => scores,
        AttentionMask::Causal => {
            let hidden = Tensor::<2, Bool>::tril_mask([queries, keys], 0, &scores.device());
            let hidden = hidden.reshape([1, 1, queries, keys]).expand([b, h, queries, keys]);
            scores.mask_fill(hidden, f32::NEG_INFINITY)
        }
        AttentionMask::Additive(mask) => scores + mask.detach(),
    };
    // Softmax of nothing but minus infinity is not a number; PyTorch's attention gives zeros.
    let blind = scores.clone().detach().max_dim(3).equal_elem(f32::NEG_INFINITY);
    let blind = blind.expand([b, h, queries, keys]);
    let p = activation::softmax(scores.mask_fill(blind.clone(), 0.0), 3).mask_fill(blind, 0.0);
    p.matmul(v)
}
