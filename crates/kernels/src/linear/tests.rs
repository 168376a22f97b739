//! The affine map against the composed operation, on contiguous and on strided tensors.

use super::*;
use crate::testing::{assert_close, with_gradients};

type Map = fn(Tensor<3>, Tensor<2>, Option<Tensor<1>>) -> Tensor<3>;

#[test]
fn agrees_with_the_composed_operation_and_differentiates() {
    for ([n, l, inputs], outputs) in
        [([2, 7, 5], 9), ([1, 1, 1], 1), ([3, 40, 64], 70), ([0, 4, 3], 2)]
    {
        for bias in [true, false] {
            let run = |op: Map| {
                with_gradients(&[&[n, l, inputs], &[outputs, inputs], &[outputs]], 5, |t| {
                    op(t[0].get(), t[1].get(), bias.then(|| t[2].get())).flatten(0, 2)
                })
            };
            assert_close(&run(linear), &run(composed), 1e-5);
        }
    }
}

#[test]
fn reads_and_writes_transposed_tensors() {
    let run = |op: Map| {
        with_gradients(&[&[3, 6, 10], &[4, 6], &[4]], 5, |t| {
            let x = t[0].get::<3>().swap_dims(1, 2);
            op(x, t[1].get(), Some(t[2].get())).swap_dims(1, 2).flatten(0, 2)
        })
    };
    assert_close(&run(linear), &run(composed), 1e-5);
    let run = |op: Map| {
        with_gradients(&[&[3, 8, 12], &[4, 5]], 5, |t| {
            let x = t[0].get::<3>().slice([0..3, 2..8, 4..9]);
            op(x, t[1].get(), None).flatten(0, 2)
        })
    };
    assert_close(&run(linear), &run(composed), 1e-5);
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    let x = with_gradients(&[&[5, 1, 300], &[40, 300], &[40]], 9, |t| {
        linear(t[0].get::<3>(), t[1].get(), Some(t[2].get())).flatten(0, 2)
    });
    let one = with_gradients(&[&[1, 1, 300], &[40, 300], &[40]], 9, |t| {
        linear(t[0].get::<3>(), t[1].get(), Some(t[2].get())).flatten(0, 2)
    });
    // The inputs are prefixes of one sequence, so the first row is the same row.
    assert_eq!(x[0][..40], one[0][..]);
}
