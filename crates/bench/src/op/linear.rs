//! Matrix products: the affine map `x · wᵀ + b` of rows, inputs and outputs, and the bare product of square matrices.
//! A product of `m × k` and `k × n` costs `2 · m · k · n`, and as much again for each of its two gradients.

use langevin_kernels::linear as affine;

use super::operation;
use crate::{Cost, Row};

/// The affine map.
pub(super) fn linear(shape: [usize; 3]) -> [Row; 2] {
    let [rows, inner, outer] = shape;
    let flops = 2.0 * (rows * inner * outer) as f64;
    operation("linear", &shape, Cost::Flops(flops), 3.0, move |inputs| {
        let x = inputs.normal([rows, inner]);
        let weight = inputs.normal([outer, inner]);
        let bias = inputs.normal([outer]);
        move || affine(x.clone(), weight.clone(), Some(bias.clone()))
    })
}

/// The product of two square matrices.
pub(super) fn matmul(size: usize) -> [Row; 2] {
    let flops = 2.0 * (size * size * size) as f64;
    operation("matmul", &[size], Cost::Flops(flops), 3.0, move |inputs| {
        let (a, b) = (inputs.normal([size, size]), inputs.normal([size, size]));
        move || affine(a.clone(), b.clone(), None)
    })
}
