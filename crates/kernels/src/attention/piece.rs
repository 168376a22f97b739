//! All gradients of one range of keys and one range of queries of a head.

use std::ops::Range;

use super::forward::{Inputs, UNIT, row_stride};
use super::mask::Effect;
use super::views::{Heads, gather};
use crate::gemm::{finish, micro, start};
use crate::scratch;
use crate::simd::{Kernel, Simd, exp2};

/// Keys of a block, whose probabilities and gradients for a group of queries stay in the caches; a multiple of every
/// tile's rows.
const BLOCK: usize = 96;
/// Queries of a group, about.
const TOGETHER: usize = 48;

/// Where the rows of a gradient go: row 0, the distance of rows, and whether they are added to what is there.
#[derive(Clone, Copy)]
pub(super) struct Sink {
    to: *mut f32,
    stride: usize,
    add: bool,
}

impl Sink {
    pub(super) fn new(to: *mut f32, stride: usize, add: bool) -> Self {
        Self { to, stride, add }
    }

    /// Takes `scale` times a row.
    ///
    /// # Safety
    /// The row exists in memory, and no other thread uses it.
    #[inline(always)]
    unsafe fn put(&self, index: usize, row: &[f32], scale: f32) {
        // SAFETY: the caller vouches for the row.
        let to =
            unsafe { std::slice::from_raw_parts_mut(self.to.add(index * self.stride), row.len()) };
        if self.add {
            to.iter_mut().zip(row).for_each(|(to, x)| *to += scale * x);
        } else {
            to.iter_mut().zip(row).for_each(|(to, x)| *to = scale * x);
        }
    }
}

/// The work. Its `sinks`, for `dq`, `dk` and `dv`, have rows for all positions of the head, of which those of the piece
/// belong to it alone.
pub(super) struct Piece<'a> {
    pub(super) inputs: Inputs<'a>,
    pub(super) dy: Heads<'a>,
    /// Of all queries of the head, as `means`.
    pub(super) levels: &'a [f32],
    pub(super) means: &'a [f32],
    pub(super) head: [usize; 2],
    pub(super) keys: Range<usize>,
    pub(super) queries: Range<usize>,
    pub(super) sinks: [Sink; 3],
}

impl Kernel for Piece<'_> {
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

impl Piece<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const V: usize>(self, s: S) {
        let Inputs { scale, mask, q, k, v } = self.inputs;
        let (dy, head, [to_q, to_k, to_v]) = (self.dy, self.head, self.sinks);
        let (dim, value_dim, keys) = (k.sizes[3], v.sizes[3], self.keys.len());
        let width = V * S::LANES;
        let panels = (TOGETHER / width).max(1);
        let together = panels * width;
        let (k_stride, v_stride) = (row_stride(s, dim), row_stride(s, value_dim));
        // Rows of whole vectors.
        let (dims, values) = (dim.next_multiple_of(S::LANES), value_dim.next_multiple_of(S::LANES));
        let (rows, block_rows) = (keys.next_multiple_of(R), BLOCK.min(keys.next_multiple_of(R)));
        let tall = dim.next_multiple_of(R);
        let sizes = [
            rows * k_stride,
            rows * v_stride,
            together * dim,       // q in lanes
            together * value_dim, // dy in lanes
            together * dims,      // q in rows
            together * values,    // dy in rows
            panels * block_rows * width,
            panels * block_rows * width,
            block_rows * width, // mask
            panels * tall * width,
            together * dim,
            rows * dims,
            rows * values,
        ];
        scratch::split(
            sizes,
            #[inline(always)]
            |[
                k_rows,
                v_rows,
                q_lanes,
                dy_lanes,
                q_rows,
                dy_rows,
                p,
                ds,
                added,
                dq,
                turned,
                dk,
                dv,
            ]| {
                k_rows[keys * k_stride..].fill(0.0);
                v_rows[keys * v_stride..].fill(0.0);
                k.rows(s, head, &self.keys, k_rows, k_stride);
                v.rows(s, head, &self.keys, v_rows, v_stride);
                dk.fill(0.0);
                dv.fill(0.0);
                for from in self.queries.clone().step_by(together) {
                    let group = from..(from + together).min(self.queries.end);
                    q.lanes(s, head, &group, scale * UNIT, q_lanes);
                    dy.lanes(s, head, &group, 1.0, dy_lanes);
                    q.rows(s, head, &group, q_rows, dims);
                    dy.rows(s, head, &group, dy_rows, values);
                    dq.fill(0.0);
                    for begin in self.keys.clone().step_by(BLOCK) {
                        let block = begin..(begin + BLOCK).min(self.keys.end);
                        let at = begin - self.keys.start;
                        // The causal mask hides a block from the first tiles of queries.
                        let mut first = 0;
                        for (panel, begin) in group.clone().step_by(width).enumerate() {
                            let tile = begin..(begin + width).min(group.end);
                            let effect = mask.effect(&tile, &block);
                            if effect == Effect::Hidden {
                                first = panel + 1;
                                continue;
                            }
                            if effect == Effect::Some {
                                mask.fill(s, head, &tile, &block, UNIT, added);
                            }
                            let scores = Scores {
                                added: (effect == Effect::Some).then_some(&*added),
                                levels: &self.levels[tile.clone()],
                                means: &self.means[tile],
                                keys: block.len(),
                            };
                            let each = block_rows * width;
                            scores.run::<S, R, V>(
                                s,
                                (&k_rows[at * k_stride..], k_stride),
                                &q_lanes[panel * dim * width..][..dim * width],
                                (&v_rows[at * v_stride..], v_stride),
                                &dy_lanes[panel * value_dim * width..][..value_dim * width],
                                &mut p[panel * each..][..each],
                                &mut ds[panel * each..][..each],
                            );
                            let (ds, dq) = (&ds[panel * each..], &mut dq[panel * tall * width..]);
                            let (k, depth) = (&k_rows[at * k_stride..], block.len());
                            assert!(k.len() >= depth * k_stride && ds.len() >= depth * width);
                            for i in 0..tall / R {
                                let dq = dq[i * R * width..][..R * width].as_mut_ptr();
                                // SAFETY: the assertion, rows of `k` longer than `tall`, and the slice of `dq`.
                                unsafe {
                                    let sums = start::<S, R, V>(s, Some(dq), width);
                                    let k = k.as_ptr().add(i * R);
                                    let sums = micro::<S, R, V>(
                                        s,
                                        depth,
                                        k,
                                        [1, k_stride],
                                        ds.as_ptr(),
                                        width,
                                        sums,
                                    );
                                    finish::<S, R, V>(s, sums, dq, width);
                                }
                            }
                        }
                        let depth = group.len();
                        for (panels, right, stride, sums) in [
                            (&*p, &*dy_rows, values, &mut dv[at * values..]),
                            (&*ds, &*q_rows, dims, &mut dk[at * dims..]),
                        ] {
                            let product = Transposed {
                                panels,
                                each: block_rows * width,
                                first,
                                depth,
                                right,
                                stride,
                            };
                            product.add::<S, R, V>(s, block.len(), sums);
                        }
                    }
                    for (panel, begin) in group.clone().step_by(width).enumerate() {
                        let count = width.min(group.end - begin);
                        let dq = &dq[panel * tall * width..][..dim * width];
                        assert!(turned.len() >= count * dim);
                        // SAFETY: the assertion; and this piece alone owns its queries in the sink.
                        unsafe {
                            gather(s, dq, [1, width], [count, dim], turned.as_mut_ptr(), dim);
                            for i in 0..count {
                                to_q.put(begin + i, &turned[i * dim..][..dim], scale);
                            }
                        }
                    }
                }
                for (i, key) in self.keys.clone().enumerate() {
                    // SAFETY: this piece alone owns its keys in the sinks.
                    unsafe {
                        to_k.put(key, &dk[i * dims..][..dim], scale);
                        to_v.put(key, &dv[i * values..][..value_dim], 1.0);
                    }
                }
            },
        );
    }
}

/// Probabilities of a block of keys for one tile of queries, and the gradients of their scores.
struct Scores<'a> {
    added: Option<&'a [f32]>,
    levels: &'a [f32],
    means: &'a [f32],
    keys: usize,
}

impl Scores<'_> {
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "two products and their results")]
    fn run<S: Simd, const R: usize, const V: usize>(
        &self,
        s: S,
        (k, k_stride): (&[f32], usize),
        q: &[f32],
        (v, v_stride): (&[f32], usize),
        dy: &[f32],
        p: &mut [f32],
        ds: &mut [f32],
    ) {
        let width = V * S::LANES;
        let (dim, value_dim, tiles) = (q.len() / width, dy.len() / width, self.keys.div_ceil(R));
        assert!(k.len() >= tiles * R * k_stride && k_stride >= dim, "too few keys");
        assert!(v.len() >= tiles * R * v_stride && v_stride >= value_dim, "too few values");
        assert!(p.len() >= tiles * R * width && ds.len() >= tiles * R * width, "too little room");
        assert!(
            self.added.is_none_or(|added| added.len() >= self.keys * width),
            "too small a mask"
        );
        let (levels, means) = (spread::<S, V>(s, self.levels), spread::<S, V>(s, self.means));
        for i in 0..tiles {
            // SAFETY: the assertions above; a tile's rows beyond the last key exist, but for those of `added`.
            unsafe {
                let zeros = start::<S, R, V>(s, None, 0);
                let k = k.as_ptr().add(i * R * k_stride);
                let scores = micro::<S, R, V>(s, dim, k, [k_stride, 1], q.as_ptr(), width, zeros);
                let (p, ds) =
                    (p.as_mut_ptr().add(i * R * width), ds.as_mut_ptr().add(i * R * width));
                for (row, scores) in scores.iter().enumerate() {
                    for j in 0..V {
                        let at = row * width + j * S::LANES;
                        let score = match self.added {
                            Some(added) if i * R + row < self.keys => {
                                s.add(scores[j], s.load(added.as_ptr().add(i * R * width + at)))
                            }
                            _ => scores[j],
                        };
                        s.store(p.add(at), exp2(s, s.sub(score, levels[j])));
                    }
                }
                let v = v.as_ptr().add(i * R * v_stride);
                let dp =
                    micro::<S, R, V>(s, value_dim, v, [v_stride, 1], dy.as_ptr(), width, zeros);
                for (row, dp) in dp.iter().enumerate() {
                    for j in 0..V {
                        let at = row * width + j * S::LANES;
                        s.store(ds.add(at), s.mul(s.load(p.add(at)), s.sub(dp[j], means[j])));
                    }
                }
            }
        }
    }
}

/// Up to `V` vectors of numbers, zeros after them.
#[inline(always)]
fn spread<S: Simd, const V: usize>(s: S, from: &[f32]) -> [S::V; V] {
    let mut all = [0.0; 48];
    all[..from.len()].copy_from_slice(from);
    let mut vectors = [s.splat(0.0); V];
    for (j, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: no instruction set has panels wider than the array.
        *vector = unsafe { s.load(all[j * S::LANES..].as_ptr()) };
    }
    vectors
}

/// `panels · right`, where the panels `[panel][key][lane]` hold a row for each key and `right` one for each lane.
struct Transposed<'a> {
    panels: &'a [f32],
    /// Distance of panels.
    each: usize,
    /// Panels before this one are left out.
    first: usize,
    /// Lanes of all panels that count.
    depth: usize,
    right: &'a [f32],
    /// Length of the rows of `right` and of the sums, whole vectors.
    stride: usize,
}

impl Transposed<'_> {
    /// Adds the product to `sums [key][stride]`.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const V: usize>(&self, s: S, keys: usize, sums: &mut [f32]) {
        let vectors = self.stride / S::LANES;
        let whole = vectors - vectors % V;
        for j in (0..whole).step_by(V) {
            self.strip::<S, R, V>(s, keys, j * S::LANES, sums);
        }
        match vectors - whole {
            0 => {}
            1 => self.strip::<S, R, 1>(s, keys, whole * S::LANES, sums),
            2 => self.strip::<S, R, 2>(s, keys, whole * S::LANES, sums),
            _ => unreachable!("tiles have at most three vectors"),
        }
    }

    /// The columns of `W` vectors from `column` on.
    #[inline(always)]
    fn strip<S: Simd, const R: usize, const W: usize>(
        &self,
        s: S,
        keys: usize,
        column: usize,
        sums: &mut [f32],
    ) {
        let Self { panels, each, first, depth, right, stride } = *self;
        let width = S::VECTORS * S::LANES;
        let (tiles, count) = (keys.div_ceil(R), depth.div_ceil(width));
        assert!(column + W * S::LANES <= stride && right.len() >= depth * stride);
        assert!(each >= tiles * R * width && panels.len() >= count * each);
        assert!(sums.len() >= tiles * R * stride);
        for i in 0..tiles {
            // SAFETY: the assertions above.
            unsafe {
                let to = sums.as_mut_ptr().add(i * R * stride + column);
                let mut tile = start::<S, R, W>(s, Some(to), stride);
                for panel in first..count {
                    let left = panels.as_ptr().add(panel * each + i * R * width);
                    let right = right.as_ptr().add(panel * width * stride + column);
                    let depth = width.min(depth - panel * width);
                    tile = micro::<S, R, W>(s, depth, left, [width, 1], right, stride, tile);
                }
                finish::<S, R, W>(s, tile, to, stride);
            }
        }
    }
}
