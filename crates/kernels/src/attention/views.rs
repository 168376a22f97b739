//! Sizes of an attention, and heads wherever they lie in memory.

use std::marker::PhantomData;
use std::ops::Range;

use crate::simd::Simd;

/// Sizes: `q [batch, heads, queries, dim]`, `k [batch, heads, keys, dim]`, `v [batch, heads, keys, value_dim]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) batch: usize,
    pub(super) heads: usize,
    pub(super) queries: usize,
    pub(super) keys: usize,
    pub(super) dim: usize,
    pub(super) value_dim: usize,
}

/// `[batch, heads, positions, dim]` with any strides.
#[derive(Clone, Copy)]
pub(super) struct Heads<'a> {
    pub(super) data: &'a [f32],
    pub(super) sizes: [usize; 4],
    pub(super) strides: [usize; 4],
}

impl<'a> Heads<'a> {
    /// One head's positions from `from` on.
    fn from(&self, [b, h]: [usize; 2], from: usize) -> &'a [f32] {
        let start = b * self.strides[0] + h * self.strides[1] + from * self.strides[2];
        &self.data[start.min(self.data.len())..]
    }

    /// Copies a `range` of one head's positions into rows `[positions][stride]` of `to`, with zeros after its dimension.
    #[inline(always)]
    pub(super) fn rows<S: Simd>(
        &self,
        s: S,
        head: [usize; 2],
        range: &Range<usize>,
        to: &mut [f32],
        stride: usize,
    ) {
        let dim = self.sizes[3];
        if stride == 0 {
            return;
        }
        for row in to[..range.len() * stride].chunks_exact_mut(stride) {
            row[dim..].fill(0.0);
        }
        let from = self.from(head, range.start);
        let steps = [self.strides[2], self.strides[3]];
        // SAFETY: each row of `to` holds `stride ≥ dim` values, which the loop above checked.
        unsafe { gather(s, from, steps, [range.len(), dim], to.as_mut_ptr(), stride) };
    }

    /// Copies a `range` of one head's positions, times `scale`, into lanes: panels `[panel][dim][lane]` of `to`, with zeros
    /// in the lanes after the range.
    #[inline(always)]
    pub(super) fn lanes<S: Simd>(
        &self,
        s: S,
        head: [usize; 2],
        range: &Range<usize>,
        scale: f32,
        to: &mut [f32],
    ) {
        let (dim, width) = (self.sizes[3], S::VECTORS * S::LANES);
        let panels =
            to[..range.len().div_ceil(width) * dim * width].chunks_exact_mut((dim * width).max(1));
        for (panel, start) in panels.zip(range.clone().step_by(width)) {
            let count = width.min(range.end - start);
            if count < width {
                panel.fill(0.0);
            }
            let from = self.from(head, start);
            let steps = [self.strides[3], self.strides[2]];
            // SAFETY: the panel holds `dim` rows of `width ≥ count` values.
            unsafe { gather(s, from, steps, [dim, count], panel.as_mut_ptr(), width) };
            panel.iter_mut().for_each(|x| *x *= scale);
        }
    }
}

/// `to[i · stride + j] = from[i · steps[0] + j · steps[1]]` for `i < sizes[0]`, `j < sizes[1]`, by whole vectors where
/// neighbours along either index are neighbours in memory.
///
/// # Safety
/// The elements of `to` are writable, and no other thread uses them.
///
/// # Panics
/// When an element of `from` does not exist.
#[inline(always)]
pub(super) unsafe fn gather<S: Simd>(
    s: S,
    from: &[f32],
    steps: [usize; 2],
    sizes: [usize; 2],
    to: *mut f32,
    stride: usize,
) {
    let [n, m] = sizes;
    if n == 0 || m == 0 {
        return;
    }
    assert!((n - 1) * steps[0] + (m - 1) * steps[1] < from.len(), "a head reaches beyond its data");
    let from = from.as_ptr();
    // SAFETY: the assertion bounds every read; the caller vouches for the writes.
    unsafe {
        let element = |i: usize, j: usize| {
            *to.add(i * stride + j) = *from.add(i * steps[0] + j * steps[1]);
        };
        if steps[1] == 1 {
            for i in 0..n {
                to.add(i * stride).copy_from_nonoverlapping(from.add(i * steps[0]), m);
            }
            return;
        }
        // The part that whole squares cover.
        let whole = |x: usize| if steps[0] == 1 { x - x % S::LANES } else { 0 };
        for i in (0..whole(n)).step_by(S::LANES) {
            for j in (0..whole(m)).step_by(S::LANES) {
                s.transpose(from.add(i + j * steps[1]), steps[1], to.add(i * stride + j), stride);
            }
        }
        for i in 0..n {
            let done = if i < whole(n) { whole(m) } else { 0 };
            for j in done..m {
                element(i, j);
            }
        }
    }
}

/// A result `[batch, heads, positions, dim]` that lies in memory as `[batch, positions, heads, dim]`, written by several
/// threads, each position of each head by one of them.
pub(super) struct Joined<'a> {
    data: *mut f32,
    heads: usize,
    positions: usize,
    dim: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: `row` is unsafe, and its callers ask for each row from one thread only.
unsafe impl Sync for Joined<'_> {}

impl<'a> Joined<'a> {
    /// # Panics
    /// When `data` has another size.
    pub(super) fn new(
        data: &'a mut [f32],
        batch: usize,
        heads: usize,
        positions: usize,
        dim: usize,
    ) -> Self {
        assert_eq!(
            data.len(),
            batch * heads * positions * dim,
            "the size of an attention's result"
        );
        Self { data: data.as_mut_ptr(), heads, positions, dim, borrow: PhantomData }
    }

    /// Distance of the positions of a head.
    pub(super) fn stride(&self) -> usize {
        self.heads * self.dim
    }

    /// One position of one head: the first of its values, those of the next position being [`stride`](Self::stride) on.
    ///
    /// # Panics
    /// When there is no such position.
    pub(super) fn start(&self, [b, h]: [usize; 2], position: usize) -> *mut f32 {
        assert!(h < self.heads && position < self.positions, "a position outside the result");
        let start = ((b * self.positions + position) * self.heads + h) * self.dim;
        self.data.wrapping_add(start)
    }

    /// One position of one head.
    ///
    /// # Safety
    /// The indices exist, and nothing else holds the row.
    #[allow(clippy::mut_from_ref, reason = "rows are disjoint, which the caller vouches for")]
    pub(super) unsafe fn row(&self, head: [usize; 2], position: usize) -> &mut [f32] {
        // SAFETY: `new` checked the size; the caller that the indices exist and the row is not shared.
        unsafe { std::slice::from_raw_parts_mut(self.start(head, position), self.dim) }
    }
}
