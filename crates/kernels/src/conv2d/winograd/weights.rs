//! Transformed filters, packed for the 36 products.

use rayon::prelude::*;

use super::super::Geometry;
use super::transform;
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// 3 × 3 filters wherever they lie: tap `t` from input channel `c` to output channel `k` is
/// `data[k · to_stride + c · from_stride + t]`, or tap `8 − t` where they are turned around.
pub(super) struct Filters<'a> {
    data: &'a [f32],
    pub(super) from: usize,
    pub(super) to: usize,
    from_stride: usize,
    to_stride: usize,
    turned: bool,
}

impl<'a> Filters<'a> {
    /// `weight [filters, channels, 3, 3]` from channels to filters.
    pub(super) fn forward(g: &Geometry, weight: &'a [f32]) -> Self {
        let (from, to) = (g.channels, g.filters);
        assert_eq!(weight.len(), from * to * 9, "the weight's size");
        Self { data: weight, from, to, from_stride: 9, to_stride: 9 * from, turned: false }
    }

    /// `weight [filters, channels, 3, 3]` from filters to channels, turned around.
    pub(super) fn data_gradient(g: &Geometry, weight: &'a [f32]) -> Self {
        let Self { data, from, to, from_stride, to_stride, .. } = Self::forward(g, weight);
        Self {
            data,
            from: to,
            to: from,
            from_stride: to_stride,
            to_stride: from_stride,
            turned: true,
        }
    }

    fn tap(&self, from: usize, to: usize, tap: usize) -> f32 {
        let tap = if self.turned { 8 - tap } else { tap };
        self.data[to * self.to_stride + from * self.from_stride + tap]
    }
}

/// Lends `work` the transformed filters `[panel of outputs][36][input][output in the panel]`, inputs and outputs filled up
/// with zeros to whole panels.
pub(super) fn transformed(isa: Isa, filters: &Filters<'_>, work: impl FnOnce(&[f32])) {
    let width = crate::gemm::tile(isa).1;
    let (from, to) = (filters.from.next_multiple_of(width), filters.to.next_multiple_of(width));
    scratch::with(36 * from * to, |out| {
        out.par_chunks_mut(36 * from * width).enumerate().for_each(|(panel, out)| {
            dispatch(isa, Panel { filters, panel, out });
        });
        work(out);
    });
}

struct Panel<'a> {
    filters: &'a Filters<'a>,
    panel: usize,
    out: &'a mut [f32],
}

impl Kernel for Panel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let f = self.filters;
        let width = S::VECTORS * S::LANES;
        let padded = f.from.next_multiple_of(width);
        assert_eq!(self.out.len(), 36 * padded * width);
        for from in 0..padded {
            for first in (0..width).step_by(S::LANES) {
                let mut lanes = [[0.0_f32; 16]; 9];
                if from < f.from {
                    for lane in 0..S::LANES {
                        let to = self.panel * width + first + lane;
                        if to < f.to {
                            for (tap, lanes) in lanes.iter_mut().enumerate() {
                                lanes[lane] = f.tap(from, to, tap);
                            }
                        }
                    }
                }
                // SAFETY: arrays hold 16 ≥ LANES values; (35 · padded + from) · width + first + LANES ≤ the length.
                unsafe {
                    let mut g = [[s.splat(0.0); 3]; 3];
                    for (i, row) in g.iter_mut().enumerate() {
                        for (j, g) in row.iter_mut().enumerate() {
                            *g = s.load(lanes[3 * i + j].as_ptr());
                        }
                    }
                    let u = transform::weights(s, g);
                    for (i, row) in u.iter().enumerate() {
                        for (j, u) in row.iter().enumerate() {
                            let at = ((6 * i + j) * padded + from) * width + first;
                            s.store(self.out.as_mut_ptr().add(at), *u);
                        }
                    }
                }
            }
        }
    }
}
