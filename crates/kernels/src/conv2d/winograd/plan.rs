//! Which tiles there are, and which of them a task does.

use std::ops::Range;

use super::super::Geometry;

/// Whether the convolution is of the right kind and gains: it must save products on these image sizes, and have enough
/// channels on one side to fill vectors. The number of images has no say.
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
    let wide = g.channels.max(g.filters) >= 16 && g.channels.min(g.filters) >= 3;
    // The transformed weights must stay within a gigabyte.
    let fits = 36 * g.channels * g.filters <= 1 << 28;
    kind && wide && fits && gains(g.out_height, g.out_width) && gains(g.height, g.width)
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

/// Tile rows of a range of images; all tile rows where there is more than one image.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) images: Range<usize>,
    pub(super) tile_rows: Range<usize>,
}

/// One image's tiles within a part's transformed tiles, `36` planes of `[tile][channel]`.
pub(super) struct Side<'a> {
    pub(super) plan: &'a Plan,
    pub(super) part: &'a Part,
    /// The image's first tile.
    pub(super) first: usize,
    /// Channels, padded.
    pub(super) channels: usize,
    /// Distance of planes.
    pub(super) plane: usize,
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

    /// The tasks.
    pub(super) fn parts(&self) -> Vec<Part> {
        let [down, across] = self.grid();
        if self.images == 0 || down * across == 0 {
            return Vec::new();
        }
        let pieces = |total: usize, each: usize| {
            let count = total.div_ceil(each.max(1));
            let each = total.div_ceil(count);
            (0..total).step_by(each).map(move |i| i..(i + each).min(total))
        };
        if down * across < TILES {
            let whole = |images| Part { images, tile_rows: 0..down };
            pieces(self.images, TILES / (down * across)).map(whole).collect()
        } else {
            let bands: Vec<Range<usize>> = pieces(down, TILES / across).collect();
            let of_image = |i: usize| {
                bands.iter().map(move |b| Part { images: i..i + 1, tile_rows: b.clone() })
            };
            (0..self.images).flat_map(of_image).collect()
        }
    }

    /// Tiles of one image in a part.
    pub(super) fn tiles_of_image(&self, part: &Part) -> usize {
        part.tile_rows.len() * self.grid()[1]
    }

    /// Tiles in a part.
    pub(super) fn tiles_of(&self, part: &Part) -> usize {
        part.images.len() * self.tiles_of_image(part)
    }

    /// The rows of an input image that a part reads.
    pub(super) fn rows_in(&self, part: &Part) -> Range<usize> {
        let first = (4 * part.tile_rows.start).saturating_sub(self.pad[0]);
        let end = (4 * part.tile_rows.end + 2).saturating_sub(self.pad[0]).min(self.from.height);
        first.min(end)..end
    }

    /// The rows of an output image that a part writes.
    pub(super) fn rows_out(&self, part: &Part) -> Range<usize> {
        4 * part.tile_rows.start..(4 * part.tile_rows.end).min(self.to.height)
    }

    /// Pixels of a part's channels-last input, with one of zeros for all outside the image.
    pub(super) fn staged_in(&self, part: &Part) -> usize {
        self.rows_in(part).len() * self.from.width + 1
    }

    /// Pixels of a part's channels-last output.
    pub(super) fn staged_out(&self, part: &Part) -> usize {
        self.rows_out(part).len() * self.to.width
    }

    /// The places of a tile's 6 × 6 inputs among the staged pixels.
    pub(super) fn places(&self, part: &Part, tile_row: usize, tile_column: usize) -> [usize; 36] {
        let (rows, width) = (self.rows_in(part), self.from.width);
        let zeros = rows.len() * width;
        let mut places = [zeros; 36];
        for (i, place) in places.iter_mut().enumerate() {
            let row = (4 * tile_row + i / 6).wrapping_sub(self.pad[0]);
            let column = (4 * tile_column + i % 6).wrapping_sub(self.pad[1]);
            if rows.contains(&row) && column < width {
                *place = (row - rows.start) * width + column;
            }
        }
        places
    }
}
