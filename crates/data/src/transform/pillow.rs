//! Resizing byte by byte as Pillow does it, for what Python has to see the same of.
//!
//! Weights are those of the filter, stretched where a picture shrinks, rounded to 22 binary places; rows are made first, or
//! columns, rounded and clipped to bytes, then the others.
//! Lanczos has three lobes, the cubic is Keys' with `a = −½` (R. Keys, "Cubic convolution interpolation for digital image
//! processing", 1981).
//! [`resize`](super::resize) is nearer to the exact sums and minds transparency.

use std::f64::consts::PI;

use crate::error::Result;
use crate::picture::Picture;

/// The filters of Pillow that pipelines use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PillowFilter {
    /// A triangle.
    Bilinear,
    /// Keys' cubic.
    Bicubic,
    /// Lanczos with three lobes.
    Lanczos,
}

/// Binary places of a weight.
const PLACES: u32 = 22;

/// The picture at `height` × `width` pixels as `Image.resize` of Pillow makes it, every channel by itself.
///
/// # Errors
/// When that is no size of an image.
pub fn pillow_resize(
    picture: &Picture,
    [height, width]: [usize; 2],
    filter: PillowFilter,
) -> Result<Picture> {
    let channels = picture.channels();
    crate::dataset::check_shape(channels, height, width)?;
    let (h, w) = (picture.height(), picture.width());
    let across = (w != width).then(|| filter.taps(w, width));
    let down = (h != height).then(|| filter.taps(h, height));
    // Pillow 13 makes the columns first where their number of pixels falls by more than twice as many as that of rows.
    let columns_first = height < h && h - height > 2 * w.saturating_sub(width);
    let mut pixels = Vec::with_capacity(channels * height * width);
    for plane in picture.pixels().chunks_exact(h * w) {
        pixels.extend(if columns_first {
            rows(columns(plane.to_vec(), w, down.as_deref()), w, across.as_deref())
        } else {
            columns(rows(plane.to_vec(), w, across.as_deref()), width, down.as_deref())
        });
    }
    Picture::new(channels, height, width, pixels)
}

/// The lines of a plane `width` wide, mixed along themselves.
fn rows(plane: Vec<u8>, width: usize, taps: Option<&[Taps]>) -> Vec<u8> {
    match taps {
        Some(taps) => plane.chunks_exact(width).flat_map(|row| mix(row, 1, taps)).collect(),
        None => plane,
    }
}

/// The columns of a plane `width` wide, mixed along themselves.
fn columns(plane: Vec<u8>, width: usize, taps: Option<&[Taps]>) -> Vec<u8> {
    let Some(taps) = taps else { return plane };
    let mut mixed = vec![0; taps.len() * width];
    for x in 0..width {
        let places = mixed.iter_mut().skip(x).step_by(width);
        let column = mix(plane.get(x..).unwrap_or_default(), width, taps);
        places.zip(column).for_each(|(place, value)| *place = value);
    }
    mixed
}

/// The picture in colours as `convert("RGB")` of Pillow makes it: grey is repeated, transparency forgotten.
pub fn pillow_rgb(picture: &Picture) -> Picture {
    let (height, width) = (picture.height(), picture.width());
    let pixels = match picture.channels() {
        1 => picture.pixels().repeat(3),
        _ => picture.pixels()[..3 * height * width].to_vec(),
    };
    Picture::new(3, height, width, pixels).expect("three planes of a picture are one")
}

/// The picture in grey as `convert("L")` of Pillow makes it: the luma of ITU-R BT.601 in 16 binary places.
pub fn pillow_grey(picture: &Picture) -> Picture {
    let (height, width) = (picture.height(), picture.width());
    let area = height * width;
    let pixels = picture.pixels();
    let grey = |i: usize| {
        let [r, g, b] = [0, 1, 2].map(|c| u32::from(pixels[c * area + i]));
        ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8
    };
    let grey = match picture.channels() {
        1 => pixels.to_vec(),
        _ => (0..area).map(grey).collect(),
    };
    Picture::new(1, height, width, grey).expect("one plane of a picture is one")
}

/// The pixels that one pixel is made of: the first of them, and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i64>,
}

/// The pixels of a line whose neighbours lie `stride` apart.
fn mix<'a>(line: &'a [u8], stride: usize, taps: &'a [Taps]) -> impl Iterator<Item = u8> + 'a {
    taps.iter().map(move |tap| {
        let values = line.iter().step_by(stride).skip(tap.first);
        let sum: i64 = values.zip(&tap.weights).map(|(x, weight)| i64::from(*x) * weight).sum();
        ((sum + (1 << (PLACES - 1))) >> PLACES).clamp(0, 255) as u8
    })
}

impl PillowFilter {
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn at(self, x: f64) -> f64 {
        let a = x.abs();
        match self {
            Self::Bilinear => (1.0 - a).max(0.0),
            Self::Bicubic if a < 1.0 => (1.5 * a - 2.5) * a * a + 1.0,
            Self::Bicubic if a < 2.0 => -0.5 * (((a - 5.0) * a + 8.0) * a - 4.0),
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Bicubic | Self::Lanczos => 0.0,
        }
    }

    /// The weights of `n` pixels for each of the `m` they become.
    fn taps(self, n: usize, m: usize) -> Vec<Taps> {
        let ratio = n as f64 / m as f64;
        let scale = ratio.max(1.0);
        let (support, inverse) = (self.support() * scale, 1.0 / scale);
        let tap = |i: usize| {
            let centre = (i as f64 + 0.5) * ratio;
            let first = ((centre - support + 0.5).max(0.0) as usize).min(n - 1);
            let last = ((centre + support + 0.5) as usize).clamp(first + 1, n);
            let weight = |j: usize| self.at((j as f64 - centre + 0.5) * inverse);
            let exact: Vec<f64> = (first..last).map(weight).collect();
            let sum: f64 = exact.iter().sum();
            let rounded = |w: &f64| (w / sum * f64::from(1 << PLACES)).round() as i64;
            Taps { first, weights: exact.iter().map(rounded).collect() }
        };
        (0..m).map(tap).collect()
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with edges and both ends of the range: `(37 i² + 11 i) mod 256`, sharpened.
    fn picture(height: usize, width: usize) -> Picture {
        let pixels = (0..height * width).map(|i| match (37 * i * i + 11 * i) % 256 {
            low @ 0..90 => (low / 9) as u8,
            high @ 170.. => (high / 4 + 191) as u8,
            middle => middle as u8,
        });
        Picture::new(1, height, width, pixels.collect()).unwrap()
    }

    /// The numbers of Pillow 13.0.0: `Image.resize` of an 8-bit picture, clipped between its two passes.
    #[test]
    fn bytes_are_those_of_pillow() {
        for (filter, [h, w, height, width], expected) in PILLOW {
            let found = pillow_resize(&picture(h, w), [height, width], filter).unwrap();
            assert_eq!(found.pixels(), expected, "{filter:?} {h}×{w} to {height}×{width}");
        }
    }

    #[test]
    fn colours_are_those_of_pillow() {
        let rgba = Picture::new(4, 1, 2, vec![200, 10, 100, 20, 50, 255, 0, 128]).unwrap();
        let rgb = pillow_rgb(&rgba);
        assert_eq!(rgb.pixels(), [200, 10, 100, 20, 50, 255]);
        assert_eq!(pillow_grey(&rgb).pixels(), [124, 44]);
        assert_eq!(pillow_rgb(&pillow_grey(&rgb)).pixels(), [124, 44, 124, 44, 124, 44]);
    }

    #[test]
    fn nothing_changes_at_the_same_size() {
        let picture = picture(5, 9);
        assert_eq!(pillow_resize(&picture, [5, 9], PillowFilter::Lanczos).unwrap(), picture);
        assert!(pillow_resize(&picture, [0, 9], PillowFilter::Bicubic).is_err());
    }

    const PILLOW: [(PillowFilter, [usize; 4], &[u8]); 9] = [
        (
            PillowFilter::Lanczos,
            [12, 9, 4, 8],
            &[
                52, 200, 201, 116, 222, 96, 129, 185, 206, 173, 85, 101, 152, 165, 72, 118, 126,
                139, 65, 97, 109, 112, 68, 83, 176, 139, 59, 71, 149, 168, 71, 62,
            ],
        ),
        (
            PillowFilter::Lanczos,
            [9, 5, 6, 7],
            &[
                98, 38, 70, 196, 157, 76, 54, 230, 253, 154, 23, 163, 229, 173, 85, 168, 228, 168,
                141, 158, 179, 158, 171, 188, 183, 152, 136, 141, 89, 101, 94, 85, 144, 168, 150,
                218, 240, 255, 201, 19, 71, 215,
            ],
        ),
        (
            PillowFilter::Lanczos,
            [8, 6, 6, 5],
            &[
                34, 88, 158, 112, 243, 74, 196, 63, 149, 213, 126, 255, 170, 195, 151, 24, 123,
                219, 133, 188, 163, 28, 106, 210, 195, 211, 80, 158, 220, 113,
            ],
        ),
        (
            PillowFilter::Lanczos,
            [7, 9, 4, 6],
            &[
                44, 192, 122, 226, 96, 155, 157, 246, 150, 144, 98, 190, 184, 84, 96, 156, 137,
                106, 215, 104, 52, 167, 105, 15,
            ],
        ),
        (
            PillowFilter::Lanczos,
            [5, 6, 8, 9],
            &[
                0, 0, 38, 223, 214, 98, 92, 186, 252, 63, 38, 54, 187, 142, 67, 144, 221, 255, 119,
                104, 119, 165, 50, 13, 212, 255, 239, 22, 104, 218, 226, 60, 0, 207, 227, 153, 34,
                150, 255, 255, 123, 68, 226, 191, 80, 143, 203, 255, 251, 178, 171, 253, 184, 90,
                72, 105, 179, 240, 204, 153, 170, 190, 195, 0, 16, 125, 237, 205, 106, 101, 197,
                255,
            ],
        ),
        (
            PillowFilter::Lanczos,
            [12, 10, 12, 3],
            &[
                79, 172, 96, 192, 152, 176, 189, 108, 182, 86, 181, 102, 205, 163, 44, 35, 127,
                148, 113, 143, 85, 67, 41, 99, 119, 144, 147, 115, 17, 73, 158, 189, 121, 153, 104,
                182,
            ],
        ),
        (
            PillowFilter::Bicubic,
            [9, 8, 4, 5],
            &[
                69, 172, 152, 209, 118, 125, 182, 190, 179, 85, 142, 151, 101, 140, 117, 110, 129,
                139, 53, 97,
            ],
        ),
        (
            PillowFilter::Bicubic,
            [4, 5, 6, 7],
            &[
                0, 0, 62, 242, 145, 109, 133, 118, 78, 77, 175, 145, 90, 51, 255, 196, 114, 78,
                155, 109, 23, 255, 254, 174, 11, 186, 238, 218, 116, 199, 212, 67, 163, 236, 255,
                0, 132, 228, 136, 134, 196, 255,
            ],
        ),
        (
            PillowFilter::Bilinear,
            [8, 7, 3, 4],
            &[100, 131, 169, 179, 177, 117, 120, 195, 127, 108, 119, 129],
        ),
    ];
}
