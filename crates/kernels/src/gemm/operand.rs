//! Operands of a matrix product and their packing into panels.

use std::ops::Range;

use crate::simd::Simd;

/// Places of elements along one dimension of an array.
pub(crate) enum Offsets {
    /// Element `i` lies at `i · stride`.
    Stride {
        /// Number of elements.
        len: usize,
        /// Distance of neighbours.
        stride: usize,
    },
    /// Runs of neighbours: element `i` lies at `(i / run) · stride + i % run`.
    Runs {
        /// Number of runs.
        count: usize,
        /// Length of a run, not zero.
        run: usize,
        /// Distance of the starts of runs.
        stride: usize,
    },
    /// Element `i` lies at `table[i]`.
    Table(Vec<usize>),
}

impl Offsets {
    /// `len` neighbours at distance `stride`.
    pub(crate) fn stride(len: usize, stride: usize) -> Self {
        Self::Stride { len, stride }
    }

    /// `count` runs of `run` neighbours, starting at multiples of `stride`.
    pub(crate) fn runs(count: usize, run: usize, stride: usize) -> Self {
        if run == 0 { Self::stride(0, 1) } else { Self::Runs { count, run, stride } }
    }

    /// The two-level index `o · inner.len() + i` at `o · outer_stride + inner[i]`, for `o < outer`.
    pub(crate) fn nest(outer: usize, outer_stride: usize, inner: &[usize]) -> Self {
        Self::Table(
            (0..outer).flat_map(|o| inner.iter().map(move |i| o * outer_stride + i)).collect(),
        )
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Stride { len, .. } => *len,
            Self::Runs { count, run, .. } => count * run,
            Self::Table(table) => table.len(),
        }
    }

    /// Place of element `i`.
    #[inline(always)]
    pub(crate) fn at(&self, i: usize) -> usize {
        match self {
            Self::Stride { stride, .. } => i * stride,
            Self::Runs { run, stride, .. } => i / run * stride + i % run,
            Self::Table(table) => table[i],
        }
    }

    /// The largest place, or zero where there is none.
    pub(crate) fn last(&self) -> usize {
        match self {
            Self::Stride { len, stride } => len.saturating_sub(1) * stride,
            Self::Runs { count: 0, .. } => 0,
            Self::Runs { count, run, stride } => (count - 1) * stride + run - 1,
            Self::Table(table) => table.iter().copied().max().unwrap_or(0),
        }
    }
}

/// One factor of a product: the element at (depth `k`, lane `l`) is `data[lanes[l] + depths[k]]`.
pub(crate) struct Operand<'a> {
    data: &'a [f32],
    lanes: Offsets,
    depths: Offsets,
}

impl<'a> Operand<'a> {
    /// # Panics
    /// When an element lies outside `data`.
    pub(crate) fn new(data: &'a [f32], lanes: Offsets, depths: Offsets) -> Self {
        let empty = lanes.len() == 0 || depths.len() == 0;
        assert!(
            empty || lanes.last() + depths.last() < data.len(),
            "an operand reaches beyond its data"
        );
        Self { data, lanes, depths }
    }

    /// Number of lanes.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Length of the summed dimension.
    pub(crate) fn depth(&self) -> usize {
        self.depths.len()
    }

    /// Writes panels `[lanes / TILE][depth][TILE]` into `out`, the last one filled up with zeros.
    ///
    /// # Panics
    /// When a range exceeds the operand or `out` is too short.
    #[inline(always)]
    fn pack<const TILE: usize>(&self, depth: Range<usize>, lanes: Range<usize>, out: &mut [f32]) {
        assert!(
            depth.end <= self.depths.len() && lanes.end <= self.lanes.len(),
            "packing beyond the operand"
        );
        if depth.is_empty() {
            return;
        }
        let panels = out[..lanes.len().next_multiple_of(TILE) * depth.len()]
            .chunks_exact_mut(TILE * depth.len());
        for (p, panel) in panels.enumerate() {
            let first = lanes.start + p * TILE;
            let count = TILE.min(lanes.end - first);
            let mut place = [0; TILE];
            for (l, place) in place.iter_mut().enumerate().take(count) {
                *place = self.lanes.at(first + l);
            }
            let neighbours = count == TILE && (1..TILE).all(|l| place[l] == place[0] + l);
            let rows = panel.as_chunks_mut::<TILE>().0.iter_mut().zip(depth.clone());
            if neighbours {
                for (row, k) in rows {
                    let from = place[0] + self.depths.at(k);
                    // SAFETY: `new` checked that every lane and depth together lie inside `data`.
                    row.copy_from_slice(unsafe { self.data.get_unchecked(from..from + TILE) });
                }
            } else if count == TILE {
                for (row, k) in rows {
                    let from = self.depths.at(k);
                    for (value, place) in row.iter_mut().zip(place) {
                        // SAFETY: as above.
                        *value = unsafe { *self.data.get_unchecked(place + from) };
                    }
                }
            } else {
                for (row, k) in rows {
                    let from = self.depths.at(k);
                    *row = [0.0; TILE];
                    for (value, place) in row.iter_mut().zip(&place[..count]) {
                        *value = self.data[place + from];
                    }
                }
            }
        }
    }

    /// [`pack`](Self::pack) into panels as wide as the rows of the register tile.
    #[inline(always)]
    pub(crate) fn pack_rows<S: Simd>(
        &self,
        _: S,
        depth: Range<usize>,
        lanes: Range<usize>,
        out: &mut [f32],
    ) {
        match S::ROWS {
            4 => self.pack::<4>(depth, lanes, out),
            6 => self.pack::<6>(depth, lanes, out),
            12 => self.pack::<12>(depth, lanes, out),
            _ => unreachable!("no panel of this width"),
        }
    }

    /// [`pack`](Self::pack) into panels as wide as the columns of the register tile.
    #[inline(always)]
    pub(crate) fn pack_columns<S: Simd>(
        &self,
        _: S,
        depth: Range<usize>,
        lanes: Range<usize>,
        out: &mut [f32],
    ) {
        match S::VECTORS * S::LANES {
            8 => self.pack::<8>(depth, lanes, out),
            16 => self.pack::<16>(depth, lanes, out),
            32 => self.pack::<32>(depth, lanes, out),
            _ => unreachable!("no panel of this width"),
        }
    }
}
