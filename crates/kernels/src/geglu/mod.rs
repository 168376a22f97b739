//! GEGLU (Shazeer 2020, eq. 6) on the halves of the last dimension: `x [.., 2 I] = (value, gate)`, `y = value · gelu(gate)`
//! with the exact GELU.

mod op;
mod slices;

use burn::tensor::Tensor;

use crate::flex::native;

/// Multiplies the first half of the last dimension by the GELU of the second: `[.., 2 I]` to `[.., I]`.
///
/// The backward pass computes the gate again from `x`, the only tensor kept.
///
/// # Panics
/// When the last dimension is odd.
pub fn geglu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let width = x.dims()[D - 1];
    assert!(width.is_multiple_of(2), "geglu: the last dimension, {width}, has no halves");
    if native(&x) { op::run(x) } else { composed(x) }
}

/// The same from Burn's own operations.
fn composed<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let half = x.dims()[D - 1] / 2;
    let value = x.clone().narrow(D - 1, 0, half);
    value * crate::gelu(x.narrow(D - 1, half, half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for shape in [[3, 5, 14], [1, 1, 2], [2, 300, 66]] {
            let go = |op: fn(Tensor<3>) -> Tensor<3>| {
                with_gradients(&[&shape], 3, |t| op(t[0].get::<3>() * 3.0).flatten(0, 2))
            };
            assert_close(&go(geglu), &go(composed), 2e-6);
        }
    }
}
