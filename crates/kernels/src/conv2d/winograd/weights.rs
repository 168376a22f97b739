//! Transformed filters, packed for the 36 products.

use std::ops::Range;

use super::super::Geometry;
use super::transform;
use crate::simd::Simd;

/// How many input channels ahead filters are asked for: those of a panel lie in as many streams as it has outputs, which
/// processors do not foresee.
const AHEAD: usize = 16;

/// The nine taps of 16 inputs to 16 outputs, and rows that a square of the last input may reach.
type Taps = [[f32; 16]; 152];

/// 3 × 3 filters wherever they lie: tap `t` from input channel `c` to output channel `k` is
/// `data[k · to_stride + c · from_stride + t]`, or tap `8 − t` where they are turned around.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a> {
    data: &'a [f32],
    pub(super) from: usize,
    pub(super) to: usize,
    from_stride: usize,
    to_stride: usize,
    turned: bool,
    /// All panels transformed already.
    pub(super) kept: Option<&'a [f32]>,
}

/// Distance of the planes of transformed filters: a line more than they fill, lest all 36 fall on the same cache sets.
#[inline(always)]
pub(super) fn plane(channels: usize, width: usize) -> usize {
    channels * width + 16
}

impl<'a> Filters<'a> {
    /// `weight [filters, channels, 3, 3]` from channels to filters.
    pub(super) fn forward(g: &Geometry, weight: &'a [f32]) -> Self {
        let (from, to) = (g.channels, g.filters);
        assert_eq!(weight.len(), from * to * 9, "the weight's size");
        Self {
            data: weight,
            from,
            to,
            from_stride: 9,
            to_stride: 9 * from,
            turned: false,
            kept: None,
        }
    }

    /// `weight [filters, channels, 3, 3]` from filters to channels, turned around.
    pub(super) fn data_gradient(g: &Geometry, weight: &'a [f32]) -> Self {
        let Self { data, from, to, from_stride, to_stride, .. } = Self::forward(g, weight);
        let (from, to, from_stride, to_stride) = (to, from, to_stride, from_stride);
        Self { data, from, to, from_stride, to_stride, turned: true, kept: None }
    }

    /// Filters of a forward pass that were transformed before, all panels one after the other.
    pub(super) fn kept(g: &Geometry, kept: &'a [f32]) -> Self {
        let (from, to) = (g.channels, g.filters);
        let (from_stride, to_stride, turned) = (9, 9 * from, false);
        Self { data: &[], from, to, from_stride, to_stride, turned, kept: Some(kept) }
    }

    /// The nine taps from the `LANES` inputs from `from` on to the `LANES` outputs from `to` on: tap `t` from the input
    /// `from + c` is `taps[9 · c + t][lane]`; zeros where there is none.
    #[inline(always)]
    fn taps<S: Simd>(&self, s: S, from: usize, to: usize, taps: &mut Taps) {
        let start = to * self.to_stride + from * self.from_stride;
        let last = start + (S::LANES - 1) * self.to_stride;
        let whole = from + S::LANES <= self.from && to + S::LANES <= self.to;
        if whole && self.from_stride == 9 {
            // All taps of an output lie together: nine squares.
            assert!(last + 9 * S::LANES <= self.data.len());
            for first in (0..9 * S::LANES).step_by(S::LANES) {
                // SAFETY: these values of each lane exist, as asserted; rows of `taps` hold 16 ≥ LANES values.
                unsafe {
                    let from = self.data.as_ptr().add(start + first);
                    s.transpose(from, self.to_stride, taps[first].as_mut_ptr(), 16);
                }
            }
            return;
        }
        for channel in 0..S::LANES {
            let taps = &mut taps[9 * channel..];
            if from + channel >= self.from || to >= self.to {
                taps[..9].fill([0.0; 16]);
                continue;
            }
            let start = start + channel * self.from_stride;
            let lanes = S::LANES.min(self.to - to);
            assert!(start + (lanes - 1) * self.to_stride + 9 <= self.data.len());
            // Whole squares by transposition, which may write rows of the next input ahead of it; the rest one by one.
            let reach = S::LANES.max(8);
            let read = start + (S::LANES - 1) * self.to_stride + reach;
            let squares = if lanes == S::LANES && read <= self.data.len() { reach } else { 0 };
            // SAFETY: `squares` values of each lane exist; rows of `taps` hold 16 ≥ LANES values, and there are enough.
            unsafe {
                for first in (0..squares).step_by(S::LANES) {
                    let from = self.data.as_ptr().add(start + first);
                    s.transpose(from, self.to_stride, taps[first].as_mut_ptr(), 16);
                }
            }
            for (tap, row) in taps.iter_mut().enumerate().take(9).skip(squares) {
                for (lane, value) in row.iter_mut().enumerate() {
                    *value = if lane < lanes {
                        self.data[start + lane * self.to_stride + tap]
                    } else {
                        0.0
                    };
                }
            }
        }
    }

    /// Transforms the filters of output panel number `panel` from these input channels, filled up with zeros, into `out`:
    /// 36 planes `[channels][panel width]` at the distance [`plane`].
    #[inline(always)]
    pub(super) fn transform<S: Simd>(
        &self,
        s: S,
        panel: usize,
        channels: Range<usize>,
        out: &mut [f32],
    ) {
        let width = S::VECTORS * S::LANES;
        let plane = plane(channels.len(), width);
        assert!(out.len() == 36 * plane);
        let mut taps: Taps = [[0.0; 16]; 152];
        for some in channels.clone().step_by(S::LANES) {
            let some = some..(some + S::LANES).min(channels.end);
            for from in some.clone() {
                let start = panel * width * self.to_stride + (from + AHEAD) * self.from_stride;
                for to in 0..width {
                    s.prefetch(self.data.as_ptr().wrapping_add(start + to * self.to_stride));
                }
            }
            for first in (0..width).step_by(S::LANES) {
                self.taps(s, some.start, panel * width + first, &mut taps);
                for (from, taps) in some.clone().zip(taps.chunks_exact(9)) {
                    let at = (from - channels.start) * width + first;
                    // SAFETY: rows hold 16 ≥ LANES values; 35 · plane + at + LANES ≤ the length.
                    unsafe {
                        let mut g = [[s.splat(0.0); 3]; 3];
                        for (i, row) in g.iter_mut().enumerate() {
                            for (j, g) in row.iter_mut().enumerate() {
                                let tap = if self.turned { 8 - 3 * i - j } else { 3 * i + j };
                                *g = s.load(taps[tap].as_ptr());
                            }
                        }
                        let u = transform::weights(s, g);
                        for (i, row) in u.iter().enumerate() {
                            for (j, u) in row.iter().enumerate() {
                                s.store(out.as_mut_ptr().add((6 * i + j) * plane + at), *u);
                            }
                        }
                    }
                }
            }
        }
    }
}
