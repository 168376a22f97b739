//! Attention against its definition in double precision and against the composed operation.

use proptest::prelude::*;

use super::backward::{Inputs, backward};
use super::forward::forward;
use super::views::{Heads, Shape};
use super::*;
use crate::testing::{assert_close, double, error, everywhere, values, with_gradients};

fn heads(data: &[f32], sizes: [usize; 4]) -> Heads<'_> {
    let [_, h, l, d] = sizes;
    Heads { data, sizes, strides: [h * l * d, l * d, d, 1] }
}

/// `y [batch, queries, heads, value_dim]` by the definition.
fn exact(shape: Shape, scale: f64, q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
    let Shape { batch, heads, queries, keys, dim, value_dim } = shape;
    let mut y = vec![0.0; batch * queries * heads * value_dim];
    for b in 0..batch {
        for h in 0..heads {
            let index = b * heads + h;
            for i in 0..queries {
                let q = &q[(index * queries + i) * dim..][..dim];
                let score = |j: usize| -> f64 {
                    let k = &k[(index * keys + j) * dim..][..dim];
                    scale * q.iter().zip(k).map(|(a, b)| a * b).sum::<f64>()
                };
                let scores: Vec<f64> = (0..keys).map(score).collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
                for (j, s) in scores.iter().enumerate() {
                    for e in 0..value_dim {
                        let p = (s - largest).exp() / total;
                        y[((b * queries + i) * heads + h) * value_dim + e] +=
                            p * v[(index * keys + j) * value_dim + e];
                    }
                }
            }
        }
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn follows_the_definition(
        batch in 0_usize..3, heads_count in 1_usize..4, queries in 0_usize..130, keys in 1_usize..260,
        dim in 1_usize..20, value_dim in 1_usize..20, seed in any::<u32>(),
    ) {
        let shape = Shape { batch, heads: heads_count, queries, keys, dim, value_dim };
        let n = batch * heads_count;
        let (q, k) = (values(n * queries * dim, seed), values(n * keys * dim, seed ^ 1));
        let (v, dy) = (values(n * keys * value_dim, seed ^ 2), values(n * queries * value_dim, seed ^ 3));
        let view = |data, l, d| heads(data, [batch, heads_count, l, d]);
        let (vq, vk, vv) = (view(&q, queries, dim), view(&k, keys, dim), view(&v, keys, value_dim));
        let (q64, k64, v64) = (double(&q), double(&k), double(&v));
        let want = exact(shape, 0.7, &q64, &k64, &v64);
        for (isa, y) in everywhere(|isa| {
            let mut y = vec![f32::NAN; want.len()];
            forward(isa, shape, 0.7, vq, vk, vv, &mut y);
            y
        }) {
            prop_assert!(error(&y, &want) < 2e-6, "{isa}: {}", error(&y, &want));
        }

        // The derivative along one direction in all three inputs, by central differences in double precision.
        // `dy` is laid out as the result is.
        let loss = |t: f64| -> f64 {
            let moved = |x: &[f64], s: u32| -> Vec<f64> {
                x.iter().zip(values(x.len(), s)).map(|(x, d)| x + t * f64::from(d)).collect()
            };
            let y = exact(shape, 0.7, &moved(&q64, 7), &moved(&k64, 8), &moved(&v64, 9));
            y.iter().zip(&dy).map(|(y, &d)| y * f64::from(d)).sum()
        };
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
        let dy_view = Heads {
            data: &dy,
            sizes: [batch, heads_count, queries, value_dim],
            strides: [queries * heads_count * value_dim, value_dim, heads_count * value_dim, 1],
        };
        for (isa, all) in everywhere(|isa| {
            let (mut dq, mut dk, mut dv) = (vec![f32::NAN; q.len()], vec![f32::NAN; k.len()], vec![f32::NAN; v.len()]);
            let inputs = Inputs { scale: 0.7, q: vq, k: vk, v: vv, dy: dy_view };
            backward(isa, shape, inputs, &mut dq, &mut dk, &mut dv);
            [dq, dk, dv].concat()
        }) {
            let mut along = 0.0;
            let mut size = 1e-3;
            // Gradients are [batch, positions, heads, dim], directions [batch, heads, positions, dim].
            let (dq, rest) = all.split_at(q.len());
            let (dk, dv) = rest.split_at(k.len());
            for (gradient, s, l, d) in [(dq, 7, queries, dim), (dk, 8, keys, dim), (dv, 9, keys, value_dim)] {
                let direction = values(gradient.len(), s);
                for (i, g) in gradient.iter().enumerate() {
                    let (b, rest) = (i / (l * heads_count * d), i % (l * heads_count * d));
                    let (p, h, e) = (rest / (heads_count * d), rest / d % heads_count, rest % d);
                    let term = f64::from(*g) * f64::from(direction[((b * heads_count + h) * l + p) * d + e]);
                    along += term;
                    size += term.abs();
                }
            }
            prop_assert!((along - slope).abs() <= 1e-5 * size, "{isa}: {along} against {slope}");
        }
    }
}

#[test]
fn the_operation_agrees_with_the_composed_one_and_differentiates() {
    type Attend = fn(Tensor<4>, Tensor<4>, Tensor<4>, f64) -> Tensor<4>;
    for (queries, keys) in [(49, 49), (5, 130), (500, 3), (1, 1)] {
        let shapes: [&[usize]; 3] = [&[2, queries, 3 * 8], &[2, keys, 3 * 8], &[2, keys, 3 * 5]];
        let run = |op: Attend| {
            with_gradients(&shapes, 21, |t| {
                let split = |x: Tensor<3>| {
                    let [b, l, c] = x.dims();
                    x.reshape([b, l, 3, c / 3]).swap_dims(1, 2)
                };
                let y = op(split(t[0].get()), split(t[1].get()), split(t[2].get()), 0.35);
                y.swap_dims(1, 2).flatten(0, 3)
            })
        };
        assert_close(&run(attention), &run(composed), 1e-5);
    }
}

#[test]
fn large_scores_stay_finite_and_nan_spoils_its_query_only() {
    let shape = Shape { batch: 1, heads: 1, queries: 20, keys: 30, dim: 4, value_dim: 4 };
    let mut q: Vec<f32> = values(80, 1).iter().map(|q| 1e4 * q).collect();
    q[4 * 7] = f32::NAN;
    let (k, v) = (values(120, 2), values(120, 3));
    for isa in crate::Isa::available() {
        let mut y = vec![0.0; 80];
        let view = |data, l| heads(data, [1, 1, l, 4]);
        forward(isa, shape, 1.0, view(&q, 20), view(&k, 30), view(&v, 30), &mut y);
        assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (i / 4 == 7)), "{isa}: {y:?}");
    }
}
