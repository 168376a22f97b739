//! Sizes of an attention, and heads wherever they lie in memory.

use std::marker::PhantomData;
use std::ops::Range;

use crate::gemm::{Offsets, Operand};

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
    /// One head: data from its first value on.
    fn head(&self, batch: usize, head: usize) -> &'a [f32] {
        let start = batch * self.strides[0] + head * self.strides[1];
        &self.data[start.min(self.data.len())..]
    }

    fn positions(&self, range: &Range<usize>) -> (usize, Offsets) {
        (range.start * self.strides[2], Offsets::stride(range.len(), self.strides[2]))
    }

    /// One head's `range` of positions as lanes, its dimension as depth.
    pub(super) fn by_position(
        &self,
        batch: usize,
        head: usize,
        range: &Range<usize>,
    ) -> Operand<'a> {
        let (start, lanes) = self.positions(range);
        let data = self.head(batch, head);
        Operand::new(
            &data[start.min(data.len())..],
            lanes,
            Offsets::stride(self.sizes[3], self.strides[3]),
        )
    }

    /// One head's dimension as lanes, its `range` of positions as depth.
    pub(super) fn by_dimension(
        &self,
        batch: usize,
        head: usize,
        range: &Range<usize>,
    ) -> Operand<'a> {
        let (start, depths) = self.positions(range);
        let data = self.head(batch, head);
        Operand::new(
            &data[start.min(data.len())..],
            Offsets::stride(self.sizes[3], self.strides[3]),
            depths,
        )
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

    /// One position of one head.
    ///
    /// # Safety
    /// The indices exist, and nothing else holds the row.
    #[allow(clippy::mut_from_ref, reason = "rows are disjoint, which the caller vouches for")]
    pub(super) unsafe fn row(&self, batch: usize, head: usize, position: usize) -> &mut [f32] {
        let start = ((batch * self.positions + position) * self.heads + head) * self.dim;
        // SAFETY: `new` checked the size; the caller that the indices exist and the row is not shared.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), self.dim) }
    }
}
