//! The forward pass, parallel over batch, heads and ranges of queries.
//!
//! Queries lie in vector lanes: `scoresᵀ = K · Qᵀ` is a panel `[keys][queries of a tile]`, its softmax runs down columns,
//! and the same panel is the packed right factor of `yᵀ = Vᵀ · P`. Nothing is transposed but the inputs while packing.
//! Memory: per thread the packed keys and values of one head and `keys × 96` scores.

use std::ops::Range;

use rayon::prelude::*;

use super::softmax::{WIDEST, exponentials};
use super::views::{Heads, Joined, Shape};
use crate::gemm::Block;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Keys whose packed panels stay in the first-level caches; a multiple of every tile's rows.
pub(super) const CHUNK: usize = 120;
/// Queries that share the passes over the keys, about.
pub(super) const TOGETHER: usize = 96;

/// `y = softmax(scale · q kᵀ) v`.
pub(super) fn forward(
    isa: Isa,
    shape: Shape,
    scale: f32,
    q: Heads<'_>,
    k: Heads<'_>,
    v: Heads<'_>,
    y: &mut [f32],
) {
    let Shape { batch, heads, queries, keys, value_dim, .. } = shape;
    if keys == 0 {
        // A sum over nothing.
        y.fill(0.0);
        return;
    }
    let y = Joined::new(y, batch, heads, queries, value_dim);
    let all = batch * heads;
    if all == 0 || queries == 0 {
        return;
    }
    // Whole heads where they keep the threads busy, ranges of queries otherwise.
    let wanted = (4 * rayon::current_num_threads()).div_ceil(all);
    let range = queries.div_ceil(wanted).next_multiple_of(TOGETHER);
    let ranges = queries.div_ceil(range);
    (0..all * ranges).into_par_iter().for_each(|task| {
        let (index, part) = (task / ranges, task % ranges);
        let queries = part * range..((part + 1) * range).min(queries);
        let head = [index / heads, index % heads];
        dispatch(isa, Forward { shape, scale, head, queries, q, k, v, y: &y });
    });
}

struct Forward<'a> {
    shape: Shape,
    scale: f32,
    head: [usize; 2],
    queries: Range<usize>,
    q: Heads<'a>,
    k: Heads<'a>,
    v: Heads<'a>,
    y: &'a Joined<'a>,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Shape { keys, dim, value_dim, .. } = self.shape;
        let [b, h] = self.head;
        let width = S::VECTORS * S::LANES;
        let (rows, values) = (keys.next_multiple_of(S::ROWS), value_dim.next_multiple_of(S::ROWS));
        let panels = (TOGETHER / width).max(1);
        let sizes = [
            rows * dim,
            keys * values,
            panels * width * dim,
            panels * rows * width,
            panels * values * width,
        ];
        scratch::split(
            sizes,
            #[inline(always)]
            |[k, v, q, scores, y]| {
                for chunk in chunks(keys) {
                    let at = chunk.start * dim;
                    self.k.by_position(b, h, &chunk).pack_rows(
                        s,
                        0..dim,
                        0..chunk.len(),
                        &mut k[at..],
                    );
                    let at = chunk.start * values;
                    self.v.by_dimension(b, h, &chunk).pack_rows(
                        s,
                        0..chunk.len(),
                        0..value_dim,
                        &mut v[at..],
                    );
                }
                let mut from = self.queries.start;
                while from < self.queries.end {
                    let group = from..(from + panels * width).min(self.queries.end);
                    let count = group.len().div_ceil(width);
                    pack_queries(s, self.q, [b, h], &group, self.scale, q);
                    scores_of(s, keys, dim, k, q, scores, count);
                    let mut sums = [[0.0; WIDEST]; WIDEST];
                    for (panel, sums) in
                        scores.chunks_exact_mut(rows * width).zip(&mut sums).take(count)
                    {
                        *sums = exponentials(s, panel, keys);
                    }
                    y.fill(0.0);
                    mix(s, keys, values, v, scores, rows * width, y, count);
                    for (panel, sums) in sums.iter().enumerate().take(count) {
                        for (lane, sum) in
                            sums.iter().enumerate().take(width.min(group.len() - panel * width))
                        {
                            // SAFETY: this task alone owns its queries of its head.
                            let row = unsafe { self.y.row(b, h, from + panel * width + lane) };
                            for (e, to) in row.iter_mut().enumerate() {
                                *to = y[(panel * values + e) * width + lane] / sum;
                            }
                        }
                    }
                    from = group.end;
                }
            },
        );
    }
}

/// The ranges of keys whose panels are packed and used together.
pub(super) fn chunks(keys: usize) -> impl Iterator<Item = Range<usize>> {
    (0..keys).step_by(CHUNK).map(move |start| start..(start + CHUNK).min(keys))
}

/// Packs `scale · q` for a group of queries into panels of columns.
#[inline(always)]
pub(super) fn pack_queries<S: Simd>(
    s: S,
    q: Heads<'_>,
    head: [usize; 2],
    group: &Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    let dim = q.sizes[3];
    q.by_position(head[0], head[1], group).pack_columns(s, 0..dim, 0..group.len(), out);
    out.iter_mut().for_each(|q| *q *= scale);
}

/// `scoresᵀ [panel][key][lane] = left · right` for `count` panels, `left` packed by [`chunks`] of keys.
#[inline(always)]
pub(super) fn scores_of<S: Simd>(
    s: S,
    keys: usize,
    depth: usize,
    left: &[f32],
    right: &[f32],
    scores: &mut [f32],
    count: usize,
) {
    let (width, rows) = (S::VECTORS * S::LANES, keys.next_multiple_of(S::ROWS));
    for chunk in chunks(keys) {
        for panel in 0..count {
            let block = Block {
                depth,
                a: &left[chunk.start * depth..],
                b: &right[panel * width * depth..],
                c: &mut scores[(panel * rows + chunk.start) * width..],
                stride: width,
                row_panels: chunk.len().div_ceil(S::ROWS),
                column_panels: 1,
                accumulate: false,
            };
            block.run(s);
        }
    }
}

/// `out [panel][row][lane] += left · panels` over all keys, `left` packed by [`chunks`] of keys with `rows` rows, each
/// panel starting `distance` after the one before.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "the sizes of one product")]
pub(super) fn mix<S: Simd>(
    s: S,
    keys: usize,
    rows: usize,
    left: &[f32],
    panels: &[f32],
    distance: usize,
    out: &mut [f32],
    count: usize,
) {
    let width = S::VECTORS * S::LANES;
    for chunk in chunks(keys) {
        for panel in 0..count {
            let block = Block {
                depth: chunk.len(),
                a: &left[chunk.start * rows..],
                b: &panels[panel * distance + chunk.start * width..],
                c: &mut out[panel * rows * width..],
                stride: width,
                row_panels: rows / S::ROWS,
                column_panels: 1,
                accumulate: true,
            };
            block.run(s);
        }
    }
}
