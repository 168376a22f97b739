//! Elementwise non-linearities, each a file with its value and derivative in lanes.

mod gelu;
mod mish;
mod op;
mod silu;
mod slices;

pub(crate) use gelu::Gelu;
pub(crate) use silu::Silu;

use burn::tensor::{Tensor, activation};

use crate::flex::native;
use crate::simd::Simd;
use op::Function;

/// A function of one number.
pub(crate) trait Pointwise {
    /// `f(x)` of every lane.
    fn value<S: Simd>(s: S, x: S::V) -> S::V;
    /// `f′(x)` of every lane.
    fn derivative<S: Simd>(s: S, x: S::V) -> S::V;
}

/// SiLU (Hendrycks and Gimpel 2016; Ramachandran et al. 2017, also called swish) of each element: `x · sigmoid(x)`.
///
/// The backward pass computes the derivative from `x`, the only tensor kept.
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    run(Function::Silu, x)
}

/// GELU (Hendrycks and Gimpel 2016) of each element: `x · Φ(x)` with the normal distribution function itself.
///
/// The backward pass computes the derivative from `x`, the only tensor kept.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    run(Function::Gelu, x)
}

/// GELU by its approximation with the hyperbolic tangent (Hendrycks and Gimpel 2016, section 2) of each element:
/// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
///
/// The backward pass computes the derivative from `x`, the only tensor kept.
pub fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    run(Function::GeluTanh, x)
}

/// Mish (Misra 2019) of each element: `x · tanh(ln(1 + eˣ))`.
///
/// The backward pass computes the derivative from `x`, the only tensor kept.
pub fn mish<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    run(Function::Mish, x)
}

fn run<const D: usize>(function: Function, x: Tensor<D>) -> Tensor<D> {
    if native(&x) { op::run(function, x) } else { composed(function, x) }
}

/// The same from Burn's own operations.
fn composed<const D: usize>(function: Function, x: Tensor<D>) -> Tensor<D> {
    match function {
        Function::Silu => activation::silu(x),
        Function::Gelu => activation::gelu(x),
        Function::GeluTanh => activation::gelu_approximate(x),
        Function::Mish => composed_mish(x),
    }
}

/// Mish without overflow or cancellation: with `u = e^(−|x|)`, `tanh(ln(1 + eˣ))` is `(1 + 2u)/(1 + 2u + 2u²)` for
/// positive x and `(2u + u²)/(2 + 2u + u²)` for negative x.
fn composed_mish<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let u = x.clone().abs().neg().exp();
    let u2 = u.clone().square();
    let positive = (u.clone() * 2.0 + 1.0) / (u.clone() * 2.0 + u2.clone() * 2.0 + 1.0);
    let negative = (u.clone() * 2.0 + u2.clone()) / (u * 2.0 + u2 + 2.0);
    let is_negative = x.clone().lower_elem(0.0);
    x * positive.mask_where(is_negative, negative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, with_gradients};

    #[test]
    fn agrees_with_the_composed_operation_and_differentiates() {
        for function in [Function::Silu, Function::Gelu, Function::GeluTanh, Function::Mish] {
            for shape in [[3, 5, 7], [0, 2, 2], [1, 1, 1], [4, 64, 100]] {
                let go = |op: fn(Function, Tensor<3>) -> Tensor<3>| {
                    with_gradients(&[&shape], 3, |t| {
                        op(function, t[0].get::<3>() * 10.0).flatten(0, 2)
                    })
                };
                assert_close(&go(run), &go(composed), 2e-6);
            }
        }
    }
}
