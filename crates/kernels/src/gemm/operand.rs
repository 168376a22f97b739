//! Operands of a matrix product and their packing into panels.

use std::ops::Range;

use crate::simd::Simd;

/// Depths packed together.
const TOGETHER: usize = 16;

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

    /// Whether the `count` elements from `i` on lie side by side, in order.
    #[inline(always)]
    fn neighbours(&self, i: usize, count: usize) -> bool {
        match self {
            Self::Stride { stride, .. } => *stride == 1,
            Self::Runs { run, .. } => i % run + count <= *run,
            Self::Table(table) => {
                let places = &table[i..i + count];
                places.iter().zip(places[0]..).all(|(place, next)| *place == next)
            }
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
    /// The largest place of a depth.
    reach: usize,
}

impl<'a> Operand<'a> {
    /// # Panics
    /// When an element lies outside `data`.
    pub(crate) fn new(data: &'a [f32], lanes: Offsets, depths: Offsets) -> Self {
        let (empty, reach) = (lanes.len() == 0 || depths.len() == 0, depths.last());
        assert!(empty || lanes.last() + reach < data.len(), "an operand reaches beyond its data");
        Self { data, lanes, depths, reach }
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
    fn pack<S: Simd, const TILE: usize>(
        &self,
        s: S,
        depth: Range<usize>,
        lanes: Range<usize>,
        out: &mut [f32],
    ) {
        assert!(
            depth.end <= self.depths.len() && lanes.end <= self.lanes.len(),
            "packing beyond the operand"
        );
        if depth.is_empty() {
            return;
        }
        let length = depth.len();
        let out = &mut out[..lanes.len().next_multiple_of(TILE) * length];
        // A few depths at a time for all lanes: what is read then lies together, even where depths are far apart.
        // Where depths lie side by side, all of them: each lane is then read in one go, or in long runs.
        let together = match self.depths {
            Offsets::Stride { stride: 1, .. } => length,
            Offsets::Runs { run, .. } if run >= TOGETHER => length,
            _ => TOGETHER,
        };
        for start in (0..length).step_by(together) {
            let end = (start + together).min(length);
            let depth = depth.start + start..depth.start + end;
            for (p, panel) in out.chunks_exact_mut(TILE * length).enumerate() {
                let first = lanes.start + p * TILE;
                let count = TILE.min(lanes.end - first);
                let rows = &mut panel.as_chunks_mut::<TILE>().0[start..end];
                self.pack_panel(s, &depth, first, count, rows);
            }
        }
    }

    /// Packs some depths of the panel of `count` lanes from `first` on.
    #[inline(always)]
    fn pack_panel<S: Simd, const TILE: usize>(
        &self,
        s: S,
        depth: &Range<usize>,
        first: usize,
        count: usize,
        rows: &mut [[f32; TILE]],
    ) {
        if count == TILE && self.lanes.neighbours(first, TILE) {
            let place = self.lanes.at(first);
            for (row, k) in rows.iter_mut().zip(depth.clone()) {
                let from = place + self.depths.at(k);
                // SAFETY: `new` checked that every lane and depth together lie inside `data`.
                row.copy_from_slice(unsafe { self.data.get_unchecked(from..from + TILE) });
            }
            return;
        }
        // Lanes beyond the last repeat it, so that they can be read, and are cleared afterwards.
        let mut place = [self.lanes.at(first + count - 1); TILE];
        for (l, place) in place.iter_mut().enumerate().take(count) {
            *place = self.lanes.at(first + l);
        }
        if !self.pack_runs(s, depth, &place, rows) {
            self.pack_apart(s, depth, &place, rows);
        }
        if count < TILE {
            rows.iter_mut().for_each(|row| row[count..].fill(0.0));
        }
    }

    /// Packs one panel whose lanes are a few runs of neighbours, if they are: a vector for each run, the later over the
    /// end of the earlier.
    #[inline(always)]
    fn pack_runs<S: Simd, const TILE: usize>(
        &self,
        s: S,
        depth: &Range<usize>,
        place: &[usize; TILE],
        rows: &mut [[f32; TILE]],
    ) -> bool {
        let (mut starts, mut count) = ([0; TILE], 1);
        for lane in 1..TILE {
            let apart = place[lane] != place[lane - 1] + 1;
            if apart || lane - starts[count - 1] == S::LANES {
                starts[count] = lane;
                count += 1;
            }
        }
        let last = place.iter().max().map_or(0, |p| p + S::LANES) + self.reach;
        if 3 * count > TILE || last > self.data.len() {
            return false;
        }
        // The rows from which no vector reaches beyond the panel; at the others, values go one by one.
        let whole = (rows.len() + 1).saturating_sub((TILE - 1 + S::LANES).div_ceil(TILE));
        for (row, k) in (0..whole).zip(depth.clone()) {
            let from = self.depths.at(k);
            for &start in &starts[..count] {
                // SAFETY: LANES values from the start of each run on exist, as just checked; so does the place of each of
                // them in this row and the next ones, which are written later.
                unsafe {
                    let run = s.load(self.data.as_ptr().add(place[start] + from));
                    s.store(rows.as_mut_ptr().cast::<f32>().add(row * TILE + start), run);
                }
            }
        }
        for (row, k) in rows.iter_mut().zip(depth.clone()).skip(whole) {
            let from = self.depths.at(k);
            row.iter_mut().zip(place).for_each(|(value, place)| *value = self.data[place + from]);
        }
        true
    }

    /// Packs one panel whose lanes are not neighbours: by transposition where the depth is, one by one elsewhere.
    #[inline(always)]
    fn pack_apart<S: Simd, const TILE: usize>(
        &self,
        s: S,
        depth: &Range<usize>,
        place: &[usize; TILE],
        rows: &mut [[f32; TILE]],
    ) {
        // All depths of some lanes before the next lanes: lanes far apart may compete for the same places of a cache.
        for first in (0..TILE).step_by(S::LANES) {
            let mut k = 0;
            while k < rows.len() {
                let from = self.depths.at(depth.start + k);
                let square =
                    k + S::LANES <= rows.len() && self.depths.neighbours(depth.start + k, S::LANES);
                if !square {
                    let lanes = first..(first + S::LANES).min(TILE);
                    for (value, place) in rows[k][lanes.clone()].iter_mut().zip(&place[lanes]) {
                        // SAFETY: `new` checked that every lane and depth together lie inside `data`.
                        *value = unsafe { *self.data.get_unchecked(place + from) };
                    }
                    k += 1;
                    continue;
                }
                let rows = &mut rows[k..k + S::LANES];
                k += S::LANES;
                // SAFETY: as above, for LANES depths from here on; `turned` holds 16 ≥ LANES rows of 16 values.
                unsafe {
                    let lane =
                        |l: usize| self.data.as_ptr().add(place[(first + l).min(TILE - 1)] + from);
                    if first + S::LANES <= TILE {
                        s.transpose_from(lane, rows.as_mut_ptr().cast::<f32>().add(first), TILE);
                    } else {
                        let mut turned = [[0.0_f32; 16]; 16];
                        s.transpose_from(lane, turned.as_mut_ptr().cast(), 16);
                        for (row, turned) in rows.iter_mut().zip(&turned) {
                            row[first..].copy_from_slice(&turned[..TILE - first]);
                        }
                    }
                }
            }
        }
    }

    /// [`pack`](Self::pack) into panels as wide as the rows of the register tile.
    #[inline(always)]
    pub(crate) fn pack_rows<S: Simd>(
        &self,
        s: S,
        depth: Range<usize>,
        lanes: Range<usize>,
        out: &mut [f32],
    ) {
        match S::ROWS {
            4 => self.pack::<S, 4>(s, depth, lanes, out),
            6 => self.pack::<S, 6>(s, depth, lanes, out),
            12 => self.pack::<S, 12>(s, depth, lanes, out),
            _ => unreachable!("no panel of this width"),
        }
    }

    /// [`pack`](Self::pack) into panels as wide as the columns of the register tile.
    #[inline(always)]
    pub(crate) fn pack_columns<S: Simd>(
        &self,
        s: S,
        depth: Range<usize>,
        lanes: Range<usize>,
        out: &mut [f32],
    ) {
        match S::VECTORS * S::LANES {
            8 => self.pack::<S, 8>(s, depth, lanes, out),
            16 => self.pack::<S, 16>(s, depth, lanes, out),
            32 => self.pack::<S, 32>(s, depth, lanes, out),
            _ => unreachable!("no panel of this width"),
        }
    }
}
