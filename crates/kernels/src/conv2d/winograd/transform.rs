//! The transforms of F(4×4, 3×3) with interpolation points 0, ±1, ±2 and ∞, on vectors of channels.
//! `Bᵀ` on 6 inputs, `Aᵀ` to 4 outputs, `A` from 4 output gradients, `G` on 3 taps and `Gᵀ` back to them.

use super::plan::{Plan, Segment};
use crate::simd::Simd;

/// `Bᵀ d`.
#[inline(always)]
fn input<S: Simd>(s: S, d: [S::V; 6]) -> [S::V; 6] {
    let (two, four, five) = (s.splat(2.0), s.splat(4.0), s.splat(5.0));
    let p = s.nfma(four, d[2], d[4]);
    let q = s.nfma(four, d[1], d[3]);
    let (u, v) = (s.sub(d[4], d[2]), s.sub(d[3], d[1]));
    [
        s.fma(four, d[0], s.nfma(five, d[2], d[4])),
        s.add(p, q),
        s.sub(p, q),
        s.fma(two, v, u),
        s.nfma(two, v, u),
        s.fma(four, d[1], s.nfma(five, d[3], d[5])),
    ]
}

/// `Aᵀ m`.
#[inline(always)]
fn output<S: Simd>(s: S, m: [S::V; 6]) -> [S::V; 4] {
    let (a, b) = (s.add(m[1], m[2]), s.sub(m[1], m[2]));
    let (c, d) = (s.add(m[3], m[4]), s.sub(m[3], m[4]));
    [
        s.add(s.add(m[0], a), c),
        s.fma(s.splat(2.0), d, b),
        s.fma(s.splat(4.0), c, a),
        s.add(s.fma(s.splat(8.0), d, b), m[5]),
    ]
}

/// `A y`.
#[inline(always)]
fn output_gradient<S: Simd>(s: S, y: [S::V; 4]) -> [S::V; 6] {
    let (even, odd) = (s.add(y[0], y[2]), s.add(y[1], y[3]));
    let even2 = s.fma(s.splat(4.0), y[2], y[0]);
    let odd2 = s.mul(s.splat(2.0), s.fma(s.splat(4.0), y[3], y[1]));
    [y[0], s.add(even, odd), s.sub(even, odd), s.add(even2, odd2), s.sub(even2, odd2), y[3]]
}

/// `G g`.
#[inline(always)]
fn weight<S: Simd>(s: S, g: [S::V; 3]) -> [S::V; 6] {
    let sixth = s.splat(1.0 / 6.0);
    let (ends, middle) = (s.mul(s.add(g[0], g[2]), sixth), s.mul(g[1], sixth));
    let zero = s.splat(0.0);
    let far = s.fma(g[0], s.splat(1.0 / 24.0), s.mul(g[2], sixth));
    let half = s.mul(g[1], s.splat(1.0 / 12.0));
    let minus = s.sub(zero, ends);
    [
        s.mul(g[0], s.splat(0.25)),
        s.sub(minus, middle),
        s.add(minus, middle),
        s.add(far, half),
        s.sub(far, half),
        g[2],
    ]
}

/// `Gᵀ u`.
#[inline(always)]
fn weight_gradient<S: Simd>(s: S, u: [S::V; 6]) -> [S::V; 3] {
    let sixth = s.splat(1.0 / 6.0);
    let (near, far) = (s.add(u[1], u[2]), s.add(u[3], u[4]));
    let (near_odd, far_odd) = (s.sub(u[2], u[1]), s.sub(u[3], u[4]));
    [
        s.fma(
            u[0],
            s.splat(0.25),
            s.fma(far, s.splat(1.0 / 24.0), s.mul(near, s.splat(-1.0 / 6.0))),
        ),
        s.fma(far_odd, s.splat(1.0 / 12.0), s.mul(near_odd, sixth)),
        s.fma(s.sub(far, near), sixth, u[5]),
    ]
}

/// Applies a transform to the columns and then the rows of a square.
macro_rules! both_ways {
    ($s:ident, $f:ident, $from:literal, $to:literal, $square:ident) => {{
        let mut half = [[$s.splat(0.0); $from]; $to];
        for j in 0..$from {
            let mut column = [$s.splat(0.0); $from];
            for i in 0..$from {
                column[i] = $square[i][j];
            }
            let column = $f($s, column);
            for i in 0..$to {
                half[i][j] = column[i];
            }
        }
        let mut whole = [[$s.splat(0.0); $to]; $to];
        for i in 0..$to {
            whole[i] = $f($s, half[i]);
        }
        whole
    }};
}

/// One segment's tiles among 36 planes of transformed tiles `[panel][tile][channel in the panel]`.
pub(super) struct Side<'a> {
    pub(super) plan: &'a Plan,
    pub(super) segment: &'a Segment,
    /// The segment's first tile.
    pub(super) first: usize,
    /// Channels, whole vectors.
    pub(super) channels: usize,
    /// Channels of a panel, whole vectors.
    pub(super) panel: usize,
    /// Distance of panels.
    pub(super) distance: usize,
    /// Distance of planes.
    pub(super) plane: usize,
}

impl Side<'_> {
    /// The place in a plane of a tile's channels from `channel` on.
    #[inline(always)]
    fn place(&self, tile: usize, channel: usize) -> usize {
        let panel = channel / self.panel;
        panel * self.distance + tile * self.panel + channel - panel * self.panel
    }
}

/// Transforms one segment's staged pixels into its tiles.
///
/// # Safety
/// `tiles` is writable in 36 planes for this segment's tiles, which nothing else accesses.
#[inline(always)]
pub(super) unsafe fn inputs<S: Simd>(s: S, at: &Side<'_>, staged: &[f32], tiles: *mut f32) {
    let (channels, plane) = (at.channels, at.plane);
    let rows = at.plan.rows_in(at.segment);
    assert!((rows.len() * at.plan.from.width + 1) * channels <= staged.len());
    let mut tile = at.first;
    for row in at.segment.tile_rows.clone() {
        for column in 0..at.plan.grid()[1] {
            let places = at.plan.places(&rows, [row, column]).map(|p| p * channels);
            for channel in (0..channels).step_by(S::LANES) {
                // SAFETY: places lie among the staged pixels, as many as asserted; the caller vouches for the tiles;
                // channels are whole vectors.
                unsafe {
                    let from = staged.as_ptr().add(channel);
                    let mut d = [[s.splat(0.0); 6]; 6];
                    for (i, row) in d.iter_mut().enumerate() {
                        for (j, d) in row.iter_mut().enumerate() {
                            *d = s.load(from.add(places[6 * i + j]));
                        }
                    }
                    let v = both_ways!(s, input, 6, 6, d);
                    let to = tiles.add(at.place(tile, channel));
                    for (i, row) in v.iter().enumerate() {
                        for (j, v) in row.iter().enumerate() {
                            s.store(to.add((6 * i + j) * plane), *v);
                        }
                    }
                }
            }
            tile += 1;
        }
    }
}

/// Transforms one segment's products back into staged pixels, and adds `bias`, whole vectors of it.
#[inline(always)]
pub(super) fn outputs<S: Simd>(
    s: S,
    at: &Side<'_>,
    tiles: &[f32],
    bias: Option<&[f32]>,
    staged: &mut [f32],
) {
    let (channels, plane) = (at.channels, at.plane);
    let (rows, width) = (at.plan.rows_out(at.segment), at.plan.to.width);
    let columns = at.plan.grid()[1];
    let count = at.segment.tile_rows.len() * columns;
    assert!(
        count == 0
            || tiles.len()
                >= 35 * plane + at.place(at.first + count - 1, channels - S::LANES) + S::LANES
    );
    assert!(staged.len() >= rows.len() * width * channels);
    assert!(bias.is_none_or(|b| b.len() >= channels));
    let mut tile = at.first;
    for row in at.segment.tile_rows.clone() {
        for column in 0..columns {
            let first = (4 * row - rows.start) * width + 4 * column;
            let (down, across) = (4.min(rows.end - 4 * row), 4.min(width - 4 * column));
            for channel in (0..channels).step_by(S::LANES) {
                // SAFETY: the tiles and pixels exist, as asserted; channels are whole vectors.
                unsafe {
                    let from = tiles.as_ptr().add(at.place(tile, channel));
                    let mut m = [[s.splat(0.0); 6]; 6];
                    for (i, row) in m.iter_mut().enumerate() {
                        for (j, m) in row.iter_mut().enumerate() {
                            *m = s.load(from.add((6 * i + j) * plane));
                        }
                    }
                    let y = both_ways!(s, output, 6, 4, m);
                    let bias = bias.map_or(s.splat(0.0), |b| s.load(b.as_ptr().add(channel)));
                    let to = staged.as_mut_ptr().add(first * channels + channel);
                    for (i, row) in y.iter().enumerate().take(down) {
                        for (j, y) in row.iter().enumerate().take(across) {
                            s.store(to.add((i * width + j) * channels), s.add(*y, bias));
                        }
                    }
                }
            }
            tile += 1;
        }
    }
}

/// Transforms one segment's staged output gradients into its tiles.
///
/// # Safety
/// As for [`inputs`].
#[inline(always)]
pub(super) unsafe fn output_gradients<S: Simd>(
    s: S,
    at: &Side<'_>,
    staged: &[f32],
    tiles: *mut f32,
) {
    let (channels, plane) = (at.channels, at.plane);
    let (rows, width) = (at.plan.rows_out(at.segment), at.plan.to.width);
    let zeros = rows.len() * width;
    assert!(staged.len() >= (zeros + 1) * channels);
    let mut tile = at.first;
    for row in at.segment.tile_rows.clone() {
        for column in 0..at.plan.grid()[1] {
            let mut places = [zeros * channels; 16];
            for (i, place) in places.iter_mut().enumerate() {
                let (row, column) = (4 * row + i / 4, 4 * column + i % 4);
                if row < rows.end && column < width {
                    *place = ((row - rows.start) * width + column) * channels;
                }
            }
            for channel in (0..channels).step_by(S::LANES) {
                // SAFETY: as in `inputs`.
                unsafe {
                    let from = staged.as_ptr().add(channel);
                    let mut y = [[s.splat(0.0); 4]; 4];
                    for (i, row) in y.iter_mut().enumerate() {
                        for (j, y) in row.iter_mut().enumerate() {
                            *y = s.load(from.add(places[4 * i + j]));
                        }
                    }
                    let m = both_ways!(s, output_gradient, 4, 6, y);
                    let to = tiles.add(at.place(tile, channel));
                    for (i, row) in m.iter().enumerate() {
                        for (j, m) in row.iter().enumerate() {
                            s.store(to.add((6 * i + j) * plane), *m);
                        }
                    }
                }
            }
            tile += 1;
        }
    }
}

/// `G g Gᵀ` of a vector of filters.
#[inline(always)]
pub(super) fn weights<S: Simd>(s: S, g: [[S::V; 3]; 3]) -> [[S::V; 6]; 6] {
    both_ways!(s, weight, 3, 6, g)
}

/// `Gᵀ u G` of a vector of filters.
#[inline(always)]
pub(super) fn weight_gradients<S: Simd>(s: S, u: [[S::V; 6]; 6]) -> [[S::V; 3]; 3] {
    both_ways!(s, weight_gradient, 6, 3, u)
}
