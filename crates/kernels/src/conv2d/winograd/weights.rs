//! Transformed filters, packed for the 36 products.

use std::ops::Range;

use super::super::Geometry;
use super::transform;
use crate::simd::Simd;

/// How many input channels ahead filters are asked for: those of a panel lie in as many streams as it has outputs, which
/// processors do not foresee.
const AHEAD: usize = 16;

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

    /// The nine taps from input `from` to the `LANES` outputs from `to` on, `taps[t][lane]`; zeros where there is none.
    #[inline(always)]
    fn taps<S: Simd>(&self, s: S, from: usize, to: usize) -> [[f32; 16]; 9] {
        let mut taps = [[0.0_f32; 16]; 9];
        if from >= self.from || to >= self.to {
            return taps;
        }
        let start = to * self.to_stride + from * self.from_stride;
        let lanes = S::LANES.min(self.to - to);
        assert!(start + (lanes - 1) * self.to_stride + 9 <= self.data.len());
        // Whole squares by transposition, the rest one by one.
        let squares = if lanes == S::LANES && S::LANES <= 8 { 8 } else { 0 };
        // SAFETY: nine values of each lane exist, as asserted; rows of `taps` hold 16 ≥ LANES values.
        unsafe {
            let data = self.data.as_ptr().add(start);
            for first in (0..squares).step_by(S::LANES) {
                s.transpose(data.add(first), self.to_stride, taps[first].as_mut_ptr(), 16);
            }
            for lane in 0..lanes {
                for (tap, row) in taps.iter_mut().enumerate().skip(squares) {
                    row[lane] = *data.add(lane * self.to_stride + tap);
                }
            }
        }
        taps
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
        for from in channels.clone() {
            let start = panel * width * self.to_stride + (from + AHEAD) * self.from_stride;
            for to in 0..width {
                s.prefetch(self.data.as_ptr().wrapping_add(start + to * self.to_stride));
            }
            for first in (0..width).step_by(S::LANES) {
                let taps = self.taps(s, from, panel * width + first);
                // SAFETY: rows hold 16 ≥ LANES values; 35 · plane + from · width + first + LANES ≤ the length.
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
                            let at = (6 * i + j) * plane + (from - channels.start) * width + first;
                            s.store(out.as_mut_ptr().add(at), *u);
                        }
                    }
                }
            }
        }
    }
}
