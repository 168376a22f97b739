//! The forward pass, a streaming softmax (Rabe and Staats 2021; Dao et al. 2022, algorithm 1), parallel over batch, heads
//! and ranges of queries.
//!
//! Queries lie in vector lanes: `scoresᵀ = K · Qᵀ` of a block of keys is a panel `[keys][queries of a tile]`, its softmax
//! runs down columns, and the same panel is the right factor of `yᵀ = Vᵀ · P`, so nothing is transposed but the queries
//! and the result. With `m` the largest score so far, `l = Σ exp(s − m)` and `y = Σ exp(s − m) v`, a block with a larger
//! score first multiplies `l` and `y` by `exp(m − m′)`. Scores are kept in units of ln 2, which the queries bring along,
//! so that all exponentials are powers of two.
//! Memory: a compact copy of the keys and values that are being worked on, and per thread the scores of [`BLOCK`] keys by
//! one tile of queries.

use std::ops::Range;

use rayon::prelude::*;

use super::mask::{Effect, Mask};
use super::mix::mix;
use super::views::{Heads, Joined, Shape, gather};
use crate::gemm::{finish, micro, start};
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch, exp2};

/// Keys of a block, whose scores against one tile of queries stay in the first-level cache; a multiple of every tile's rows.
pub(super) const BLOCK: usize = 120;
/// Queries that share the passes over the keys, about.
const TOGETHER: usize = 192;
/// Lengths of ranges of queries are multiples of this, whole tiles of every instruction set.
const GRAIN: usize = 96;

/// Scores are in units of ln 2.
pub(super) const UNIT: f32 = std::f32::consts::LOG2_E;

/// What both passes read.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) scale: f32,
    pub(super) mask: Mask<'a>,
    pub(super) q: Heads<'a>,
    pub(super) k: Heads<'a>,
    pub(super) v: Heads<'a>,
}

/// `y = softmax(scale · q kᵀ + mask) v`, in memory as `[batch, queries, heads, value_dim]`, and `levels [batch, heads,
/// queries]`: `log₂ Σ 2ˢ` of each query's scores `s` in units of ln 2. A query that sees no key gets zeros.
pub(super) fn forward(
    isa: Isa,
    shape: Shape,
    inputs: Inputs<'_>,
    y: &mut [f32],
    levels: &mut [f32],
) {
    let Shape { batch, heads, queries, value_dim, .. } = shape;
    assert_eq!(levels.len(), batch * heads * queries, "one level for each query");
    let y = Joined::new(y, batch, heads, queries, value_dim);
    let all = batch * heads;
    if all == 0 || queries == 0 {
        return;
    }
    // Whole heads where they keep the threads busy, ranges of queries otherwise.
    let wanted = (4 * rayon::current_num_threads()).div_ceil(all);
    let range = queries.div_ceil(wanted).next_multiple_of(GRAIN);
    let ranges = queries.div_ceil(range);
    let head_of = |index: usize| [index / heads, index % heads];
    let compact = |head, out: &mut [f32]| dispatch(isa, Compact { inputs, head, out });
    let size = compact_size(isa, shape);
    if ranges == 1 {
        levels.par_chunks_mut(queries).enumerate().for_each(|(index, levels)| {
            let head = head_of(index);
            scratch::with(size, |kv| {
                compact(head, kv);
                let work = Forward { shape, inputs, head, queries: 0..queries, kv, y: &y, levels };
                dispatch(isa, work);
            });
        });
        return;
    }
    scratch::with(all * size, |kv| {
        kv.par_chunks_mut(size.max(1)).enumerate().for_each(|(i, kv)| compact(head_of(i), kv));
        let kv = &*kv;
        levels.par_chunks_mut(queries).enumerate().for_each(|(index, levels)| {
            let kv = &kv[index * size..][..size];
            levels.par_chunks_mut(range).enumerate().for_each(|(part, levels)| {
                let queries = part * range..part * range + levels.len();
                let head = head_of(index);
                dispatch(isa, Forward { shape, inputs, head, queries, kv, y: &y, levels });
            });
        });
    });
}

/// Distance of the rows of a compact copy: room for whole tiles, and odd, so that neighbouring rows lie in different banks
/// of the cache.
pub(super) fn row_stride<S: Simd>(_: S, dim: usize) -> usize {
    dim.next_multiple_of(S::ROWS) | 1
}

fn compact_size(isa: Isa, Shape { keys, dim, value_dim, .. }: Shape) -> usize {
    struct Ask([usize; 3]);
    impl Kernel for Ask {
        type Output = usize;
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> usize {
            let [keys, dim, value_dim] = self.0;
            keys.next_multiple_of(S::ROWS) * (row_stride(s, dim) + row_stride(s, value_dim))
        }
    }
    dispatch(isa, Ask([keys, dim, value_dim]))
}

/// Copies the keys and then the values of one head into compact rows.
pub(super) struct Compact<'a> {
    pub(super) inputs: Inputs<'a>,
    pub(super) head: [usize; 2],
    pub(super) out: &'a mut [f32],
}

impl Kernel for Compact<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Inputs { k, v, .. } = self.inputs;
        let keys = k.sizes[2];
        let rows = keys.next_multiple_of(S::ROWS);
        let stride = row_stride(s, k.sizes[3]);
        let (to_k, to_v) = self.out.split_at_mut(rows * stride);
        for (from, to) in [(k, to_k), (v, to_v)] {
            let stride = row_stride(s, from.sizes[3]);
            from.rows(s, self.head, &(0..keys), to, stride);
            to[keys * stride..rows * stride].fill(0.0);
        }
    }
}

struct Forward<'a> {
    shape: Shape,
    inputs: Inputs<'a>,
    head: [usize; 2],
    queries: Range<usize>,
    /// As [`Compact`] leaves them.
    kv: &'a [f32],
    y: &'a Joined<'a>,
    /// Of these queries.
    levels: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match (S::ROWS, S::VECTORS) {
            (6, 2) => self.tiles::<S, 6, 2>(s),
            (12, 2) => self.tiles::<S, 12, 2>(s),
            (4, 2) => self.tiles::<S, 4, 2>(s),
            _ => unreachable!("no micro-kernel for this tile"),
        }
    }
}

/// What a tile of queries has seen so far.
#[derive(Clone, Copy)]
struct Seen<S: Simd, const V: usize> {
    largest: [S::V; V],
    sum: [S::V; V],
}

impl Forward<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const V: usize>(self, s: S) {
        let Shape { keys, dim, value_dim, .. } = self.shape;
        let Inputs { scale, mask, q, .. } = self.inputs;
        let width = V * S::LANES;
        let (k_stride, v_stride) = (row_stride(s, dim), row_stride(s, value_dim));
        let (k, v) = self.kv.split_at(keys.next_multiple_of(R) * k_stride);
        let values = value_dim.next_multiple_of(R);
        let panels = (TOGETHER / width).max(1);
        let sizes = [panels * width * dim, BLOCK * width, BLOCK * width, panels * values * width];
        scratch::split(
            sizes,
            #[inline(always)]
            |[q_lanes, scores, added, y]| {
                let mut from = self.queries.start;
                while from < self.queries.end {
                    let group = from..(from + panels * width).min(self.queries.end);
                    q.lanes(s, self.head, &group, scale * UNIT, q_lanes);
                    y.fill(0.0);
                    let tiles = group.clone().step_by(width);
                    // The least finite number, not minus infinity, so that hidden keys give zero and not NaN.
                    let nothing =
                        Seen::<S, V> { largest: [s.splat(f32::MIN); V], sum: [s.splat(0.0); V] };
                    let mut seen = [nothing; TOGETHER / 8];
                    for block in blocks(keys) {
                        for (panel, start) in tiles.clone().enumerate() {
                            let tile = start..(start + width).min(group.end);
                            let effect = mask.effect(&tile, &block);
                            if effect == Effect::Hidden {
                                continue;
                            }
                            if effect == Effect::Some {
                                mask.fill(s, self.head, &tile, &block, UNIT, added);
                            }
                            let added = (effect == Effect::Some).then_some(&*added);
                            let q = &q_lanes[panel * width * dim..][..width * dim];
                            let k = &k[block.start * k_stride..];
                            let largest =
                                scores_of::<S, R, V>(s, k, k_stride, q, block.len(), added, scores);
                            let shrink =
                                exponentials(s, &mut seen[panel], largest, block.len(), scores);
                            let v = &v[block.start * v_stride..];
                            let y = &mut y[panel * values * width..][..values * width];
                            let sizes = [block.len(), value_dim];
                            mix::<S, R, V>(s, v, v_stride, sizes, scores, shrink, y);
                        }
                    }
                    for (panel, start) in tiles.enumerate() {
                        let tile = start..(start + width).min(group.end);
                        let y = &mut y[panel * values * width..][..value_dim * width];
                        let levels = &mut self.levels[start - self.queries.start..][..tile.len()];
                        normalise(s, &seen[panel], y, levels);
                        let stride = self.y.stride();
                        // SAFETY: this task alone owns its queries of its head, and the last of them exists.
                        unsafe {
                            let to = self.y.start(self.head, tile.start);
                            gather(s, y, [1, width], [tile.len(), value_dim], to, stride);
                        }
                    }
                    from = group.end;
                }
            },
        );
    }
}

/// The blocks of keys.
pub(super) fn blocks(keys: usize) -> impl Iterator<Item = Range<usize>> {
    (0..keys).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(keys))
}

/// `scores [key][lane] = k · q + added`, and the largest score of each lane.
#[inline(always)]
fn scores_of<S: Simd, const R: usize, const V: usize>(
    s: S,
    k: &[f32],
    k_stride: usize,
    q: &[f32],
    keys: usize,
    added: Option<&[f32]>,
    scores: &mut [f32],
) -> [S::V; V] {
    let width = V * S::LANES;
    let (tiles, dim) = (keys.div_ceil(R), q.len() / width);
    assert!(k.len() >= tiles * R * k_stride && k_stride >= dim, "too few keys");
    assert!(scores.len() >= tiles * R * width, "too little room for scores");
    assert!(added.is_none_or(|added| added.len() >= keys * width), "too small a mask");
    let mut largest = [s.splat(f32::MIN); V];
    for i in 0..tiles {
        // SAFETY: the assertions above: rows i·R .. i·R + R of `k` and of `scores` exist, rows below `keys` of `added`.
        unsafe {
            let zeros = start::<S, R, V>(s, None, 0);
            let k = k.as_ptr().add(i * R * k_stride);
            let mut sums = micro::<S, R, V>(s, dim, k, [k_stride, 1], q.as_ptr(), width, zeros);
            let real = R.min(keys - i * R);
            if let Some(added) = added {
                for (row, sums) in sums.iter_mut().enumerate().take(real) {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let added = added.as_ptr().add((i * R + row) * width + v * S::LANES);
                        *sum = s.add(*sum, s.load(added));
                    }
                }
            }
            if real == R {
                for sums in &sums {
                    for (largest, &sum) in largest.iter_mut().zip(sums) {
                        *largest = s.max(*largest, sum);
                    }
                }
            } else {
                for sums in sums.iter().take(real) {
                    for (largest, &sum) in largest.iter_mut().zip(sums) {
                        *largest = s.max(*largest, sum);
                    }
                }
            }
            finish::<S, R, V>(s, sums, scores.as_mut_ptr().add(i * R * width), width);
        }
    }
    largest
}

/// Replaces the scores of `keys` by `2^(score − largest seen)` and counts them in; gives the factor by which everything
/// counted before shrinks.
#[inline(always)]
fn exponentials<S: Simd, const V: usize>(
    s: S,
    seen: &mut Seen<S, V>,
    largest: [S::V; V],
    keys: usize,
    scores: &mut [f32],
) -> [S::V; V] {
    let width = V * S::LANES;
    assert!(scores.len() >= keys * width);
    let mut shrink = [s.splat(0.0); V];
    let mut sums = shrink;
    for v in 0..V {
        let largest = s.max(largest[v], seen.largest[v]);
        shrink[v] = exp2(s, s.sub(seen.largest[v], largest));
        seen.largest[v] = largest;
    }
    for row in 0..keys {
        for (v, sum) in sums.iter_mut().enumerate() {
            // SAFETY: row · width + v · LANES + LANES ≤ keys · width, which the assertion bounds.
            unsafe {
                let at = scores.as_mut_ptr().add(row * width + v * S::LANES);
                let e = exp2(s, s.sub(s.load(at), seen.largest[v]));
                s.store(at, e);
                *sum = s.add(*sum, e);
            }
        }
    }
    for v in 0..V {
        seen.sum[v] = s.fma(seen.sum[v], shrink[v], sums[v]);
    }
    shrink
}

/// Divides `y [dimension][lane]` by the sums and writes the level of each query.
#[inline(always)]
fn normalise<S: Simd, const V: usize>(s: S, seen: &Seen<S, V>, y: &mut [f32], levels: &mut [f32]) {
    let width = V * S::LANES;
    let [mut largest, mut sums, mut factors] = [[0.0_f32; 48]; 3];
    for v in 0..V {
        // SAFETY: no instruction set has panels wider than these arrays.
        unsafe {
            s.store(largest[v * S::LANES..].as_mut_ptr(), seen.largest[v]);
            s.store(sums[v * S::LANES..].as_mut_ptr(), seen.sum[v]);
        }
    }
    for (factor, &sum) in factors.iter_mut().zip(&sums) {
        *factor = if sum == 0.0 { 0.0 } else { sum.recip() };
    }
    for ((level, &sum), &largest) in levels.iter_mut().zip(&sums).zip(&largest) {
        *level = if sum == 0.0 { 0.0 } else { largest + sum.log2() };
    }
    for row in y.chunks_exact_mut(width) {
        for (y, factor) in row.iter_mut().zip(&factors) {
            *y *= factor;
        }
    }
}
