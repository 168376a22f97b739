//! Attention against its definition in double precision and against the composed operation.

use burn::tensor::{Device, TensorData};
use proptest::prelude::*;

use super::backward::{Outcome, backward};
use super::forward::{Inputs, forward};
use super::mask::Mask;
use super::views::{Heads, Shape};
use super::*;
use crate::testing::{assert_close, double, error, everywhere, values, with_gradients};

/// Memory orders of `[batch, heads, positions, dim]`, the last two with gaps.
const ORDERS: [[usize; 4]; 4] = [[0, 1, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [3, 1, 0, 2]];

/// A head's tensor laid out in one of [`ORDERS`] from a place that no vector is aligned to.
struct Stored {
    data: Vec<f32>,
    sizes: [usize; 4],
    strides: [usize; 4],
}

impl Stored {
    /// Of row-major `values`.
    fn new(values: &[f32], sizes: [usize; 4], order: usize) -> Self {
        let mut strides = [0; 4];
        let mut next = 1 + usize::from(order >= 2);
        for &axis in ORDERS[order].iter().rev() {
            strides[axis] = next;
            next *= sizes[axis].max(1);
        }
        let mut data = vec![f32::NAN; next + 4];
        for (i, &x) in values.iter().enumerate() {
            data[1 + place(i, sizes, strides)] = x;
        }
        Self { data, sizes, strides }
    }

    fn view(&self) -> Heads<'_> {
        Heads { data: &self.data[1..], sizes: self.sizes, strides: self.strides }
    }
}

/// Where the `i`-th element in row-major order lies.
fn place(i: usize, [_, n1, n2, n3]: [usize; 4], strides: [usize; 4]) -> usize {
    let index = [i / (n1 * n2 * n3), i / (n2 * n3) % n1, i / n3 % n2, i % n3];
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}

/// Row-major `[batch, heads, positions, dim]` from memory `[batch, positions, heads, dim]`.
fn split(joined: &[f32], sizes: [usize; 4]) -> Vec<f32> {
    let [_, h, l, d] = sizes;
    (0..joined.len()).map(|i| joined[place(i, sizes, [l * h * d, d, h * d, 1])]).collect()
}

/// A problem of known size, row-major.
struct Problem {
    shape: Shape,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    dy: Vec<f32>,
    mask: Option<Vec<f32>>,
    mask_sizes: [usize; 4],
    causal: bool,
}

const SCALE: f32 = 0.7;

impl Problem {
    /// `mask`: 0 none, 1 causal, otherwise additive, broadcast along the axes whose bit of `mask − 2` is set.
    fn new(shape: Shape, mask: usize, seed: u32) -> Self {
        let Shape { batch, heads, queries, keys, dim, value_dim } = shape;
        let n = batch * heads;
        let mut mask_sizes = [batch, heads, queries, keys];
        for (i, size) in mask_sizes.iter_mut().enumerate() {
            if mask >= 2 && (mask - 2) >> i & 1 == 1 {
                *size = 1;
            }
        }
        let added = values(mask_sizes.iter().product(), seed ^ 4);
        // A third of the keys are hidden, so that some queries see none where keys are few.
        let hide = |x: f32| if x < -0.34 { f32::NEG_INFINITY } else { 3.0 * x };
        Self {
            shape,
            q: values(n * queries * dim, seed),
            k: values(n * keys * dim, seed ^ 1),
            v: values(n * keys * value_dim, seed ^ 2),
            dy: values(n * queries * value_dim, seed ^ 3),
            mask: (mask >= 2).then(|| added.into_iter().map(hide).collect()),
            mask_sizes,
            causal: mask == 1,
        }
    }

    fn sizes(&self) -> [[usize; 4]; 4] {
        let Shape { batch: b, heads: h, queries, keys, dim, value_dim } = self.shape;
        [
            [b, h, queries, dim],
            [b, h, keys, dim],
            [b, h, keys, value_dim],
            [b, h, queries, value_dim],
        ]
    }

    fn added(&self, b: usize, h: usize, i: usize, j: usize) -> f64 {
        if self.causal && j > i {
            return f64::NEG_INFINITY;
        }
        let Some(mask) = &self.mask else { return 0.0 };
        let [_, n1, n2, n3] = self.mask_sizes;
        let [b, h, i, j] =
            [(b, 0), (h, 1), (i, 2), (j, 3)].map(|(x, axis)| x % self.mask_sizes[axis]);
        f64::from(mask[((b * n1 + h) * n2 + i) * n3 + j])
    }

    /// `y`, row-major, by the definition.
    fn exact(&self, q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
        let Shape { batch, heads, queries, keys, dim, value_dim } = self.shape;
        let mut y = vec![0.0; batch * heads * queries * value_dim];
        for index in 0..batch * heads {
            for i in 0..queries {
                let q = &q[(index * queries + i) * dim..][..dim];
                let score = |j: usize| -> f64 {
                    let k = &k[(index * keys + j) * dim..][..dim];
                    let product: f64 = q.iter().zip(k).map(|(a, b)| a * b).sum();
                    f64::from(SCALE) * product + self.added(index / heads, index % heads, i, j)
                };
                let scores: Vec<f64> = (0..keys).map(score).collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                if largest == f64::NEG_INFINITY {
                    continue;
                }
                let total: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
                for (j, s) in scores.iter().enumerate() {
                    let p = (s - largest).exp() / total;
                    let v = &v[(index * keys + j) * value_dim..][..value_dim];
                    let y = &mut y[(index * queries + i) * value_dim..][..value_dim];
                    y.iter_mut().zip(v).for_each(|(y, v)| *y += p * v);
                }
            }
        }
        y
    }

    /// `y`, `dq`, `dk` and `dv`, row-major, of the kernels.
    fn run(&self, isa: crate::Isa, orders: [usize; 5]) -> [Vec<f32>; 4] {
        let [of_q, of_k, of_v, of_y] = self.sizes();
        let q = Stored::new(&self.q, of_q, orders[0]);
        let k = Stored::new(&self.k, of_k, orders[1]);
        let v = Stored::new(&self.v, of_v, orders[2]);
        let dy = Stored::new(&self.dy, of_y, orders[3]);
        let mask = self.mask.as_ref().map(|m| Stored::new(m, self.mask_sizes, orders[4]));
        let mask = match &mask {
            None if self.causal => Mask::Causal,
            None => Mask::None,
            Some(mask) => {
                let mut strides = mask.strides;
                for (stride, size) in strides.iter_mut().zip(self.mask_sizes) {
                    *stride *= usize::from(size > 1);
                }
                Mask::Additive { data: &mask.data[1..], strides }
            }
        };
        let inputs = Inputs { scale: SCALE, mask, q: q.view(), k: k.view(), v: v.view() };
        let mut y = vec![f32::NAN; self.dy.len()];
        let Shape { batch, heads, queries, value_dim, .. } = self.shape;
        let mut levels = vec![f32::NAN; batch * heads * queries];
        forward(isa, self.shape, inputs, &mut y, &mut levels);
        let strides = [queries * heads * value_dim, value_dim, heads * value_dim, 1];
        let outcome =
            Outcome { y: Heads { data: &y, sizes: of_y, strides }, levels: &levels, dy: dy.view() };
        let [mut dq, mut dk, mut dv] = [&self.q, &self.k, &self.v].map(|x| vec![f32::NAN; x.len()]);
        backward(isa, self.shape, inputs, outcome, &mut dq, &mut dk, &mut dv);
        [split(&y, of_y), split(&dq, of_q), split(&dk, of_k), split(&dv, of_v)]
    }

    /// Checks `y` against the definition, and the gradients against its slope along one direction in all three inputs, by
    /// central differences in double precision.
    fn check(&self, orders: [usize; 5]) {
        let (q, k, v) = (double(&self.q), double(&self.k), double(&self.v));
        let want = self.exact(&q, &k, &v);
        let loss = |t: f64| -> f64 {
            let moved = |x: &[f64], s: u32| -> Vec<f64> {
                x.iter().zip(values(x.len(), s)).map(|(x, d)| x + t * f64::from(d)).collect()
            };
            let y = self.exact(&moved(&q, 7), &moved(&k, 8), &moved(&v, 9));
            y.iter().zip(&self.dy).map(|(y, &d)| y * f64::from(d)).sum()
        };
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
        for (isa, all) in everywhere(|isa| self.run(isa, orders).concat()) {
            let (y, gradients) = all.split_at(want.len());
            assert!(error(y, &want) < 2e-6, "{isa}: {}", error(y, &want));
            let directions = [(&q, 7), (&k, 8), (&v, 9)].map(|(x, seed)| values(x.len(), seed));
            let terms = gradients.iter().zip(directions.concat()).map(|(&g, d)| f64::from(g * d));
            let (along, size) = terms.fold((0.0, 1e-3), |(a, s), x| (a + x, s + x.abs()));
            assert!((along - slope).abs() <= 1e-5 * size, "{isa}: {along} against {slope}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn follows_the_definition(
        batch in 0_usize..3, heads in 1_usize..3, queries in 0_usize..130, keys in 0_usize..300,
        dim in 0_usize..20, value_dim in 0_usize..20, mask in 0_usize..18, orders in any::<[u8; 5]>(), seed in any::<u32>(),
    ) {
        let shape = Shape { batch, heads, queries, keys, dim, value_dim };
        Problem::new(shape, mask, seed).check(orders.map(|o| usize::from(o % 4)));
    }

    #[test]
    fn follows_the_definition_for_any_head_size(
        queries in 1_usize..40, keys in 1_usize..40, dim in 1_usize..131, value_dim in 1_usize..131,
        mask in 0_usize..4, seed in any::<u32>(),
    ) {
        let shape = Shape { batch: 1, heads: 1, queries, keys, dim, value_dim };
        Problem::new(shape, mask, seed).check([0, 1, 2, 3, 0]);
    }
}

#[test]
fn long_sequences_are_cut_into_ranges() {
    for (queries, keys) in [(1100, 290), (30, 800)] {
        for mask in 0..3 {
            let shape = Shape { batch: 1, heads: 1, queries, keys, dim: 3, value_dim: 2 };
            Problem::new(shape, mask, 11).check([0; 5]);
        }
    }
}

#[test]
fn a_result_does_not_depend_on_its_batch() {
    let shape = Shape { batch: 5, heads: 2, queries: 150, keys: 300, dim: 6, value_dim: 7 };
    for mask in [0, 1, 3] {
        let all = Problem::new(shape, mask, 12);
        let mut one = Problem::new(Shape { batch: 1, ..shape }, mask, 12);
        let last = |x: &[f32]| x[x.len() / 5 * 4..].to_vec();
        (one.q, one.k, one.v, one.dy) = (last(&all.q), last(&all.k), last(&all.v), last(&all.dy));
        for isa in crate::Isa::available() {
            let want = all.run(isa, [0; 5]).map(|x| last(&x));
            assert_eq!(one.run(isa, [0; 5]), want, "{isa}");
        }
    }
}

#[test]
fn the_operation_agrees_with_the_composed_one_and_differentiates() {
    type Attend = fn(Tensor<4>, Tensor<4>, Tensor<4>, f64, AttentionMask) -> Tensor<4>;
    for (queries, keys) in [(49, 49), (5, 130), (500, 3), (1, 1)] {
        let shapes: [&[usize]; 3] = [&[2, queries, 3 * 8], &[2, keys, 3 * 8], &[2, keys, 3 * 5]];
        let additive = |sizes: [usize; 4], tracked: bool| {
            let numbers = values(sizes.iter().product(), 22);
            let hide = |x: f32| if x < -0.34 { f32::NEG_INFINITY } else { x };
            let numbers: Vec<f32> = numbers.into_iter().map(hide).collect();
            let device = if tracked { Device::flex().autodiff() } else { Device::flex() };
            AttentionMask::Additive(Tensor::from_data(TensorData::new(numbers, sizes), &device))
        };
        let masks = [
            AttentionMask::None,
            AttentionMask::Causal,
            additive([2, 3, queries, keys], true),
            additive([1, 1, queries, keys], true),
            additive([2, 1, 1, keys], true),
            additive([2, 3, queries, 1], true),
        ];
        for mask in masks {
            let run = |op: Attend| {
                with_gradients(&shapes, 21, |t| {
                    let split = |x: Tensor<3>| {
                        let [b, l, c] = x.dims();
                        x.reshape([b, l, 3, c / 3]).swap_dims(1, 2)
                    };
                    let (q, k, v) = (split(t[0].get()), split(t[1].get()), split(t[2].get()));
                    op(q, k, v, 0.35, mask.clone()).swap_dims(1, 2).flatten(0, 3)
                })
            };
            assert_close(&run(attention_masked), &run(composed), 1e-5);
        }
        // A mask without derivatives serves inputs with them.
        let run = |tracked| {
            with_gradients(&shapes, 21, |t| {
                let split = |x: Tensor<3>| {
                    let [b, l, c] = x.dims();
                    x.reshape([b, l, 3, c / 3]).swap_dims(1, 2)
                };
                let (q, k, v) = (split(t[0].get()), split(t[1].get()), split(t[2].get()));
                let mask = additive([1, 1, queries, keys], tracked);
                attention_masked(q, k, v, 0.35, mask).flatten(0, 3)
            })
        };
        assert_eq!(run(true), run(false));
    }
}

#[test]
fn large_scores_stay_finite_and_nan_spoils_its_query_only() {
    let shape = Shape { batch: 1, heads: 1, queries: 20, keys: 30, dim: 4, value_dim: 4 };
    let mut problem = Problem::new(shape, 0, 1);
    problem.q.iter_mut().for_each(|q| *q *= 1e4);
    problem.q[4 * 7] = f32::NAN;
    for isa in crate::Isa::available() {
        let [y, dq, dk, dv] = problem.run(isa, [0; 5]);
        for rows in [y, dq] {
            assert!(rows.iter().enumerate().all(|(i, y)| y.is_nan() == (i / 4 == 7)), "{isa}");
        }
        // Every key and value was seen by the query that is not a number.
        assert!(dk.iter().chain(&dv).all(|x| x.is_nan()), "{isa}");
    }
}

#[test]
fn a_query_that_sees_no_key_gets_zeros_and_has_no_gradient() {
    let shape = Shape { batch: 1, heads: 1, queries: 20, keys: 400, dim: 4, value_dim: 4 };
    let mut problem = Problem::new(shape, 2, 1);
    let mask = problem.mask.as_mut().expect("a mask");
    // Query 7 sees nothing; query 8 only the last key, so its first blocks are hidden whole.
    mask[7 * 400..9 * 400].fill(f32::NEG_INFINITY);
    mask[9 * 400 - 1] = 0.5;
    for isa in crate::Isa::available() {
        let [y, dq, ..] = problem.run(isa, [0; 5]);
        assert_eq!(y[28..32], [0.0; 4], "{isa}");
        assert_eq!(dq[28..32], [0.0; 4], "{isa}");
        assert_eq!(y[32..36], problem.v[399 * 4..], "{isa}");
        assert!(y.iter().chain(&dq).all(|x| x.is_finite()), "{isa}");
    }
    problem.check([0; 5]);
}

#[test]
fn hidden_keys_leave_nothing_in_the_gradients() {
    // Causal with fewer queries than keys: the later keys are never seen.
    let shape = Shape { batch: 1, heads: 2, queries: 10, keys: 300, dim: 4, value_dim: 3 };
    let problem = Problem::new(shape, 1, 3);
    for isa in crate::Isa::available() {
        let [_, _, dk, dv] = problem.run(isa, [0; 5]);
        for (gradient, dim) in [(dk, 4), (dv, 3)] {
            for head in gradient.chunks(300 * dim) {
                assert!(head[10 * dim..].iter().all(|&x| x == 0.0), "{isa}");
                assert!(head[..dim].iter().any(|&x| x != 0.0), "{isa}");
            }
        }
    }
}

#[test]
fn nothing_to_attend_to_or_from_is_no_error() {
    for (queries, keys) in [(0, 3), (3, 0), (0, 0)] {
        let device = Device::flex().autodiff();
        let ones = |l: usize| Tensor::<4>::ones([2, 3, l, 4], &device).require_grad();
        let (q, k, v) = (ones(queries), ones(keys), ones(keys));
        let y = attention(q.clone(), k.clone(), v.clone(), 1.0);
        assert_eq!(y.dims(), [2, 3, queries, 4]);
        let read = |x: Tensor<4>| x.into_data().try_to_vec::<f32>().expect("single precision");
        assert!(read(y.clone().inner()).iter().all(|&y| y == 0.0));
        let grads = y.sum().backward();
        for (x, l) in [(q, queries), (k, keys), (v, keys)] {
            let gradient = x.grad(&grads).expect("a gradient");
            assert_eq!(gradient.dims(), [2, 3, l, 4]);
            assert!(read(gradient).iter().all(|&g| g == 0.0));
        }
    }
}

#[test]
#[should_panic(expected = "does not fit scores")]
fn a_mask_of_another_size_is_refused() {
    let zeros = |sizes: [usize; 4]| Tensor::<4>::zeros(sizes, &Device::flex());
    let mask = AttentionMask::Additive(zeros([1, 1, 3, 5]));
    let _ =
        attention_masked(zeros([1, 1, 3, 2]), zeros([1, 1, 4, 2]), zeros([1, 1, 4, 2]), 1.0, mask);
}
