//! Which tiles there are, and which of them a task does.

use std::ops::Range;

use super::super::Geometry;

/// Whether the convolution is of the right kind and gains: it must save products on these image sizes, and have enough
/// channels on one side to fill vectors, be there but one on the other. The number of images has no say.
pub(crate) fn suits(g: &Geometry) -> bool {
    let o = &g.options;
    let kind = [g.rows, g.columns] == [3, 3]
        && o.stride == [1, 1]
        && o.dilation == [1, 1]
        && o.groups == 1
        && o.padding_begin.iter().chain(&o.padding_end).all(|&p| p <= 2);
    let gains = |height: usize, width: usize| {
        let products = 36 * height.div_ceil(4) * width.div_ceil(4);
        3 * 9 * height * width >= 4 * products
    };
    let wide = g.channels.max(g.filters) >= 16;
    kind && wide && gains(g.out_height, g.out_width) && gains(g.height, g.width)
}

/// Planes of one image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Planes {
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn len(&self) -> usize {
        self.channels * self.pixels()
    }

    /// The planes of one of the images `x` from channel `first` on, at most `count`.
    pub(super) fn channels_of<'a>(
        &self,
        x: &'a [f32],
        image: usize,
        first: usize,
        count: usize,
    ) -> (Self, &'a [f32]) {
        let first = first.min(self.channels);
        let x = &x[image * self.len()..][first * self.pixels()..self.len()];
        (Self { channels: count.min(self.channels - first), ..*self }, x)
    }
}

/// Tiles that share the 36 products of a task, about.
const TILES: usize = 48;

/// A convolution with 3 × 3 filters, stride 1, cut into tiles of 4 × 4 outputs.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) images: usize,
    pub(super) from: Planes,
    pub(super) to: Planes,
    /// Zeros before the first input row and column.
    pub(super) pad: [usize; 2],
}

/// Consecutive tile rows, counted through all images.
#[derive(Clone, Debug)]
pub(super) struct Part(Range<usize>);

/// The tile rows of one image that lie in a part.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) image: usize,
    pub(super) tile_rows: Range<usize>,
    /// The part's tiles before this segment.
    pub(super) before: usize,
}

impl Plan {
    pub(super) fn forward(g: &Geometry) -> Self {
        let from = Planes { channels: g.channels, height: g.height, width: g.width };
        let to = Planes { channels: g.filters, height: g.out_height, width: g.out_width };
        Self { images: g.images, from, to, pad: g.options.padding_begin }
    }

    pub(super) fn data_gradient(g: &Geometry) -> Self {
        let Self { images, from, to, pad } = Self::forward(g);
        Self { images, from: to, to: from, pad: pad.map(|p| 2 - p) }
    }

    /// Tile rows and columns of an image.
    pub(super) fn grid(&self) -> [usize; 2] {
        [self.to.height.div_ceil(4), self.to.width.div_ceil(4)]
    }

    /// The tasks, of equally many tile rows but for the last: so many that few lanes of register tiles of `register`
    /// rows stay empty, and about [`TILES`] tiles.
    pub(super) fn parts(&self, register: usize) -> Vec<Part> {
        let [down, across] = self.grid();
        let rows = self.images * down;
        if rows * across == 0 {
            return Vec::new();
        }
        let cost = |rows: &usize| {
            let tiles = rows * across;
            let filled = tiles.next_multiple_of(register);
            // Empty lanes in steps of a fiftieth, then the distance to the wanted size.
            ((filled - tiles) * 50 / filled, tiles.abs_diff(TILES))
        };
        let most = (2 * TILES / across).clamp(1, rows);
        let each = (1..=most).min_by_key(cost).unwrap_or(1);
        (0..rows).step_by(each).map(|first| Part(first..(first + each).min(rows))).collect()
    }

    /// Tiles in a part.
    pub(super) fn tiles_of(&self, part: &Part) -> usize {
        part.0.len() * self.grid()[1]
    }

    /// A part's tiles image by image.
    pub(super) fn segments(&self, part: &Part) -> impl Iterator<Item = Segment> + use<> {
        let [down, across] = self.grid();
        let Range { start, end } = part.0;
        (start / down..end.div_ceil(down)).map(move |image| {
            let rows = start.max(image * down)..end.min((image + 1) * down);
            let before = (rows.start - start) * across;
            Segment { image, tile_rows: rows.start - image * down..rows.end - image * down, before }
        })
    }

    /// The rows of an input image that a segment reads.
    pub(super) fn rows_in(&self, segment: &Segment) -> Range<usize> {
        let Range { start, end } = segment.tile_rows;
        let first = (4 * start).saturating_sub(self.pad[0]);
        let end = (4 * end + 2).saturating_sub(self.pad[0]).min(self.from.height);
        first.min(end)..end
    }

    /// The rows of an output image that a segment writes.
    pub(super) fn rows_out(&self, segment: &Segment) -> Range<usize> {
        4 * segment.tile_rows.start..(4 * segment.tile_rows.end).min(self.to.height)
    }

    /// Pixels of a segment's channels-last input, with one of zeros for all outside the image; the most in `part`.
    pub(super) fn staged_in(&self, part: &Part) -> usize {
        let pixels = |s: Segment| self.rows_in(&s).len() * self.from.width + 1;
        self.segments(part).map(pixels).max().unwrap_or(0)
    }

    /// Pixels of a segment's channels-last output, with one of zeros; the most in `part`.
    pub(super) fn staged_out(&self, part: &Part) -> usize {
        let pixels = |s: Segment| self.rows_out(&s).len() * self.to.width + 1;
        self.segments(part).map(pixels).max().unwrap_or(0)
    }

    /// The places of a tile's 6 × 6 inputs among a segment's staged pixels.
    #[inline(always)]
    pub(super) fn places(&self, rows: &Range<usize>, tile: [usize; 2]) -> [usize; 36] {
        let width = self.from.width;
        let zeros = rows.len() * width;
        let mut places = [zeros; 36];
        let first = (4 * tile[1]).wrapping_sub(self.pad[1]);
        for i in 0..6 {
            let row = (4 * tile[0] + i).wrapping_sub(self.pad[0]);
            if rows.contains(&row) {
                for j in 0..6 {
                    let column = first.wrapping_add(j);
                    if column < width {
                        places[6 * i + j] = (row - rows.start) * width + column;
                    }
                }
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_tiles_once_and_waste_few_lanes() {
        for (images, height, width) in
            [(1, 64, 64), (16, 32, 32), (64, 28, 28), (5, 7, 7), (3, 9, 40), (0, 8, 8)]
        {
            let planes = Planes { channels: 1, height, width };
            let plan = Plan { images, from: planes, to: planes, pad: [1, 1] };
            let [down, across] = plan.grid();
            for register in [4, 6, 12] {
                let mut seen = vec![0; images * down];
                let parts = plan.parts(register);
                for part in &parts {
                    let mut tiles = 0;
                    for s in plan.segments(part) {
                        assert_eq!(s.before, tiles);
                        tiles += s.tile_rows.len() * across;
                        s.tile_rows.for_each(|row| seen[s.image * down + row] += 1);
                    }
                    assert_eq!(tiles, plan.tiles_of(part));
                }
                assert!(seen.iter().all(|&n| n == 1), "{seen:?}");
                let filled: usize =
                    parts.iter().map(|p| plan.tiles_of(p).next_multiple_of(register)).sum();
                let tiles = images * down * across;
                assert!(filled <= tiles + tiles / 10 + register, "{filled} for {tiles}");
            }
        }
    }
}
