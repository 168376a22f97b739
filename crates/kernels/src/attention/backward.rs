//! The backward pass: probabilities are computed again from `q`, `k` and the levels that the forward pass leaves (Dao et
//! al. 2022, algorithm 4), so a block of scores is read and written once.
//!
//! With `P = exp(S − level)` and `dP = dy vᵀ`: `dS = P ∘ (dP − rowsum(dy ∘ y))`, `dv = Pᵀ dy`, `dq = scale · dS k`,
//! `dk = scale · dSᵀ q`. Panels `[keys][queries of a tile]` of `P` and `dS` are the left factors of `dv` and `dk` and the
//! right factor of `dq` as they are.
//!
//! Each head is cut into ranges of keys and of queries whose number depends on its sizes alone. A piece, one range of each,
//! adds up its part of all gradients; parts of `dq` are added in the order of the keys, parts of `dk` and `dv` in that of the
//! queries, so the result does not depend on the number of threads. Where there are heads enough for the threads, a task does all
//! pieces of a head and adds them up in place; otherwise pieces are tasks and leave their parts in memory for a few heads at
//! a time.

use std::ops::Range;

use rayon::prelude::*;

use super::forward::Inputs;
use super::piece::{Piece, Sink};
use super::views::{Heads, Joined, Shape};
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Keys of a piece at most.
const KEYS: usize = 264;
/// Queries of a piece at most.
const QUERIES: usize = 1008;
/// Lengths of ranges are multiples of this, so that tiles of all instruction sets are full but at the end.
const GRAIN: usize = 24;

/// What the forward pass leaves for the backward pass, and the gradient of its result.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub(super) y: Heads<'a>,
    /// `[batch, heads, queries]`.
    pub(super) levels: &'a [f32],
    pub(super) dy: Heads<'a>,
}

/// Writes `dq`, `dk` and `dv`, each in memory as `[batch, positions, heads, dim]`.
pub(super) fn backward(
    isa: Isa,
    shape: Shape,
    inputs: Inputs<'_>,
    outcome: Outcome<'_>,
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
) {
    let Shape { batch, heads, queries, keys, dim, value_dim } = shape;
    let all = batch * heads;
    assert_eq!(outcome.levels.len(), all * queries, "one level for each query");
    if all == 0 || queries == 0 || keys == 0 {
        [dq, dk, dv].into_iter().for_each(|gradient| gradient.fill(0.0));
        return;
    }
    let dq = Joined::new(dq, batch, heads, queries, dim);
    let dk = Joined::new(dk, batch, heads, keys, dim);
    let dv = Joined::new(dv, batch, heads, keys, value_dim);
    let (over_keys, over_queries) = (ranges(keys, KEYS), ranges(queries, QUERIES));
    let head_of = |index: usize| [index / heads, index % heads];
    scratch::with(all * queries, |means| {
        means.par_chunks_mut(queries).enumerate().for_each(|(index, means)| {
            dispatch(isa, Means { outcome, head: head_of(index), means });
        });
        let means = &*means;
        let piece = |index: usize, i: usize, j: usize, sinks: [Sink; 3]| {
            let of_head = index * queries..(index + 1) * queries;
            let work = Piece {
                inputs,
                dy: outcome.dy,
                levels: &outcome.levels[of_head.clone()],
                means: &means[of_head],
                head: head_of(index),
                keys: over_keys[i].clone(),
                queries: over_queries[j].clone(),
                sinks,
            };
            dispatch(isa, work);
        };
        let (pieces, threads) =
            (over_keys.len() * over_queries.len(), rayon::current_num_threads());
        if pieces == 1 || all >= 4 * threads {
            (0..all).into_par_iter().for_each(|index| {
                let head = head_of(index);
                for i in 0..over_keys.len() {
                    for j in 0..over_queries.len() {
                        let sinks = [
                            Sink::new(dq.start(head, 0), dq.stride(), i > 0),
                            Sink::new(dk.start(head, 0), dk.stride(), j > 0),
                            Sink::new(dv.start(head, 0), dv.stride(), j > 0),
                        ];
                        piece(index, i, j, sinks);
                    }
                }
            });
            return;
        }
        // Parts of a head: [range of keys][query][dim], then of dk and of dv [range of queries][key][dim].
        let sizes = [
            over_keys.len() * queries * dim,
            over_queries.len() * keys * dim,
            over_queries.len() * keys * value_dim,
        ];
        let (of_head, together) = (sizes.iter().sum::<usize>(), (4 * threads).div_ceil(pieces));
        scratch::with(together.min(all) * of_head, |parts| {
            for first in (0..all).step_by(together) {
                let count = together.min(all - first);
                let parts = &mut parts[..count * of_head];
                let start = Shared(parts.as_mut_ptr());
                (0..count * pieces).into_par_iter().for_each(|task| {
                    let (index, i, j) = (
                        task / pieces,
                        task % pieces / over_queries.len(),
                        task % over_queries.len(),
                    );
                    let at = start.at(index * of_head);
                    let sinks = [
                        Sink::new(at.wrapping_add(i * queries * dim), dim, false),
                        Sink::new(at.wrapping_add(sizes[0] + j * keys * dim), dim, false),
                        Sink::new(
                            at.wrapping_add(sizes[0] + sizes[1] + j * keys * value_dim),
                            value_dim,
                            false,
                        ),
                    ];
                    piece(first + index, i, j, sinks);
                });
                if of_head == 0 {
                    continue;
                }
                parts.par_chunks(of_head).enumerate().for_each(|(index, parts)| {
                    let (of_q, rest) = parts.split_at(sizes[0]);
                    let (of_k, of_v) = rest.split_at(sizes[1]);
                    let head = head_of(first + index);
                    for (parts, to, dim, positions) in [
                        (of_q, &dq, dim, queries),
                        (of_k, &dk, dim, keys),
                        (of_v, &dv, value_dim, keys),
                    ] {
                        add_up(parts, to, head, dim, positions);
                    }
                });
            }
        });
    });
}

/// Even ranges of at most `most`.
fn ranges(total: usize, most: usize) -> Vec<Range<usize>> {
    let each = total.div_ceil(total.div_ceil(most)).next_multiple_of(GRAIN);
    (0..total).step_by(each).map(|start| start..(start + each).min(total)).collect()
}

/// Memory that several threads write, each its own part.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: what is written through the pointer is up to unsafe code, which vouches for its part.
unsafe impl Sync for Shared {}

impl Shared {
    fn at(&self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

/// Sums `parts [part][position][dim]` of one head in order.
fn add_up(parts: &[f32], to: &Joined<'_>, head: [usize; 2], dim: usize, positions: usize) {
    if dim == 0 {
        return;
    }
    for position in 0..positions {
        // SAFETY: one task alone owns the head.
        let row = unsafe { to.row(head, position) };
        for (i, part) in parts.chunks_exact(positions * dim).enumerate() {
            let part = &part[position * dim..][..dim];
            if i == 0 {
                row.copy_from_slice(part);
            } else {
                row.iter_mut().zip(part).for_each(|(to, part)| *to += part);
            }
        }
    }
}

/// `rowsum(dy ∘ y)` of each query of one head: the mean of `dP` under `P`.
struct Means<'a> {
    outcome: Outcome<'a>,
    head: [usize; 2],
    means: &'a mut [f32],
}

impl Kernel for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Outcome { y, dy, .. } = self.outcome;
        let (width, dim) = (S::VECTORS * S::LANES, y.sizes[3]);
        scratch::split(
            [width * dim, width * dim],
            #[inline(always)]
            |[a, b]| {
                for (i, means) in self.means.chunks_mut(width).enumerate() {
                    let tile = i * width..i * width + means.len();
                    y.lanes(s, self.head, &tile, 1.0, a);
                    dy.lanes(s, self.head, &tile, 1.0, b);
                    means.fill(0.0);
                    for (a, b) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
                        for ((mean, a), b) in means.iter_mut().zip(a).zip(b) {
                            *mean += a * b;
                        }
                    }
                }
            },
        );
    }
}
