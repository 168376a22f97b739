//! Scaled dot-product attention; the shape is batch, heads, positions, numbers per head.
//! Forward are two matrix products of `2 · B · H · L² · D` each; backward are five more, the scores once again among them.

use langevin_kernels::attention as attend;

use super::operation;
use crate::{Cost, Row};

/// Attention between all positions.
pub(super) fn attention(shape: [usize; 4]) -> [Row; 2] {
    let [b, h, l, d] = shape;
    let flops = 4.0 * (b * h * l * l * d) as f64;
    operation("attention", &shape, Cost::Flops(flops), 3.5, move |inputs| {
        let [q, k, v] = std::array::from_fn(|_| inputs.normal(shape));
        move || attend(q.clone(), k.clone(), v.clone(), (d as f64).sqrt().recip())
    })
}
