//! The backward pass: probabilities are computed again from `q` and `k` (Dao et al. 2022, algorithm 4, without keeping
//! even the sums of the softmax, which cost nothing to redo).
//!
//! With `P = softmax(scale · q kᵀ)` and `dP = dy vᵀ`: `dS = P ∘ (dP − rowsum(P ∘ dP))`, `dv = Pᵀ dy`,
//! `dq = scale · dS k`, `dk = scale · dSᵀ q`.
//! A task owns a range of queries of one head, at most [`RANGE`], and adds up its part of `dk` and `dv`; the parts of a head
//! are added in order, so the result does not depend on the number of threads.
//! Memory: per thread as in the forward pass, twice; and for all tasks their parts, `keys × (dim + value_dim)` each.

use std::ops::Range;

use rayon::prelude::*;

use super::forward::{TOGETHER, chunks, mix, pack_queries, scores_of};
use super::softmax::{exponentials, gradient};
use super::views::{Heads, Joined, Shape};
use crate::gemm::{Block, tile};
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Queries of one task.
const RANGE: usize = 4 * TOGETHER;

/// Inputs of the backward pass.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) scale: f32,
    pub(super) q: Heads<'a>,
    pub(super) k: Heads<'a>,
    pub(super) v: Heads<'a>,
    pub(super) dy: Heads<'a>,
}

/// Writes `dq`, `dk` and `dv`, each in memory as `[batch, positions, heads, dim]`.
pub(super) fn backward(
    isa: Isa,
    shape: Shape,
    inputs: Inputs<'_>,
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
) {
    let Shape { batch, heads, queries, keys, dim, value_dim } = shape;
    let dq = Joined::new(dq, batch, heads, queries, dim);
    let dk = Joined::new(dk, batch, heads, keys, dim);
    let dv = Joined::new(dv, batch, heads, keys, value_dim);
    let (rows, columns) = tile(isa);
    // A part is [dim + value_dim, each whole tiles][keys, whole tiles].
    let (dims, values) = (dim.next_multiple_of(rows), value_dim.next_multiple_of(rows));
    let stride = keys.next_multiple_of(columns);
    let part = (dims + values) * stride;
    let (all, ranges) = (batch * heads, queries.div_ceil(RANGE).max(1));
    if all == 0 || part == 0 {
        return;
    }
    scratch::with(all * ranges * part, |parts| {
        parts.par_chunks_mut(part).enumerate().for_each(|(task, part)| {
            let (index, range) = (task / ranges, task % ranges);
            let range = range * RANGE..((range + 1) * RANGE).min(queries);
            let head = [index / heads, index % heads];
            dispatch(isa, Backward { shape, inputs, head, queries: range, dq: &dq, part });
        });
        parts.par_chunks_mut(ranges * part).enumerate().for_each(|(index, parts)| {
            let (total, others) = parts.split_at_mut(part);
            for other in others.chunks_exact(part) {
                total.iter_mut().zip(other).for_each(|(t, o)| *t += o);
            }
            let (b, h) = (index / heads, index % heads);
            for key in 0..keys {
                // SAFETY: this task alone owns its head.
                let (dk, dv) = unsafe { (dk.row(b, h, key), dv.row(b, h, key)) };
                dk.iter_mut().enumerate().for_each(|(d, to)| *to = total[d * stride + key]);
                dv.iter_mut()
                    .enumerate()
                    .for_each(|(e, to)| *to = total[(dims + e) * stride + key]);
            }
        });
    });
}

struct Backward<'a> {
    shape: Shape,
    inputs: Inputs<'a>,
    head: [usize; 2],
    queries: Range<usize>,
    dq: &'a Joined<'a>,
    part: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Shape { keys, dim, value_dim, .. } = self.shape;
        let Inputs { scale, q, k, v, dy } = self.inputs;
        let [b, h] = self.head;
        let width = S::VECTORS * S::LANES;
        let (dims, values) = (dim.next_multiple_of(S::ROWS), value_dim.next_multiple_of(S::ROWS));
        let (rows, stride) = (keys.next_multiple_of(S::ROWS), keys.next_multiple_of(width));
        let panels = (TOGETHER / width).max(1);
        let together = panels * width;
        let (dk, dv) = self.part.split_at_mut(dims * stride);
        dk.fill(0.0);
        dv.fill(0.0);
        let sizes = [
            rows * dim,            // k, keys in lanes
            rows * value_dim,      // v, keys in lanes
            dims * keys,           // k, dimensions in lanes
            together * dim,        // q, queries in lanes
            together * value_dim,  // dy, queries in lanes
            together * dims,       // q, dimensions in lanes
            together * values,     // dy, dimensions in lanes
            panels * rows * width, // scores, then probabilities
            panels * rows * width, // their gradients
            panels * dims * width, // dq
            together * stride,     // probabilities or gradients with keys in lanes
        ];
        scratch::split(
            sizes,
            #[inline(always)]
            |[k_keys, v_keys, k_dims, q_lanes, dy_lanes, q_dims, dy_dims, p, ds, dq, turned]| {
                for chunk in chunks(keys) {
                    let (count, start) = (chunk.len(), chunk.start);
                    k.by_position(b, h, &chunk).pack_rows(
                        s,
                        0..dim,
                        0..count,
                        &mut k_keys[start * dim..],
                    );
                    v.by_position(b, h, &chunk).pack_rows(
                        s,
                        0..value_dim,
                        0..count,
                        &mut v_keys[start * value_dim..],
                    );
                    k.by_dimension(b, h, &chunk).pack_rows(
                        s,
                        0..count,
                        0..dim,
                        &mut k_dims[start * dims..],
                    );
                }
                let mut from = self.queries.start;
                while from < self.queries.end {
                    let group = from..(from + together).min(self.queries.end);
                    let (count, depth) = (group.len().div_ceil(width), group.len());
                    pack_queries(s, q, [b, h], &group, scale, q_lanes);
                    dy.by_position(b, h, &group).pack_columns(s, 0..value_dim, 0..depth, dy_lanes);
                    q.by_dimension(b, h, &group).pack_rows(s, 0..depth, 0..dim, q_dims);
                    dy.by_dimension(b, h, &group).pack_rows(s, 0..depth, 0..value_dim, dy_dims);
                    q_dims.iter_mut().for_each(|q| *q *= scale);
                    scores_of(s, keys, dim, k_keys, q_lanes, p, count);
                    scores_of(s, keys, value_dim, v_keys, dy_lanes, ds, count);
                    for (p, ds) in p
                        .chunks_exact_mut(rows * width)
                        .zip(ds.chunks_exact_mut(rows * width))
                        .take(count)
                    {
                        let sums = exponentials(s, p, keys);
                        gradient(s, p, ds, keys, &sums);
                    }
                    dq.fill(0.0);
                    mix(s, keys, dims, k_dims, ds, rows * width, dq, count);
                    for (i, query) in group.clone().enumerate() {
                        // SAFETY: this task alone owns its queries of its head.
                        let row = unsafe { self.dq.row(b, h, query) };
                        for (d, to) in row.iter_mut().enumerate() {
                            *to = scale * dq[(i / width * dims + d) * width + i % width];
                        }
                    }
                    for (left, dims, panels, sums) in
                        [(&*dy_dims, values, &*p, &mut *dv), (q_dims, dims, ds, dk)]
                    {
                        turn(s, panels, rows, keys, depth, turned);
                        let block = Block {
                            depth,
                            a: left,
                            b: turned,
                            c: sums,
                            stride,
                            row_panels: dims / S::ROWS,
                            column_panels: stride / width,
                            accumulate: true,
                        };
                        block.run(s);
                    }
                    from = group.end;
                }
            },
        );
    }
}

/// From `[panel of queries][key][query]` to `[panel of keys][query][key]`, zeros where there is no key.
#[inline(always)]
fn turn<S: Simd>(s: S, from: &[f32], rows: usize, keys: usize, depth: usize, to: &mut [f32]) {
    let (width, lanes) = (S::VECTORS * S::LANES, S::LANES);
    assert!(from.len() >= depth.div_ceil(width) * rows * width);
    assert!(to.len() >= keys.next_multiple_of(width) * depth);
    for (panel, to) in to.chunks_exact_mut(width * depth).take(keys.div_ceil(width)).enumerate() {
        let first = panel * width;
        for i in (0..width).step_by(lanes) {
            for j in (0..depth).step_by(lanes) {
                let (key, base) = (first + i, j / width * rows * width + j % width);
                if key + lanes <= keys && j + lanes <= depth {
                    // SAFETY: rows key .. key + LANES ≤ keys ≤ rows of `from` and rows j .. j + LANES ≤ depth of `to`
                    // exist, and columns up to width.
                    unsafe {
                        let from = from.as_ptr().add(base + key * width);
                        s.transpose(from, width, to.as_mut_ptr().add(j * width + i), width);
                    }
                } else {
                    for query in 0..lanes.min(depth - j) {
                        for k in 0..lanes {
                            let value = if key + k < keys {
                                from[base + (key + k) * width + query]
                            } else {
                                0.0
                            };
                            to[(j + query) * width + i + k] = value;
                        }
                    }
                }
            }
        }
    }
}
