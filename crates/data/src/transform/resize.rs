//! Resizing by separable filters, wide enough that nothing is skipped when pictures shrink.
//!
//! With `r = n / m` for `n` pixels that become `m`, output pixel `i` is `Σⱼ wⱼ xⱼ / Σⱼ wⱼ`.
//! Area: `wⱼ` is the length of pixel `[j, j + 1]` that lies in `[i r, (i + 1) r]`.
//! Lanczos: `wⱼ = L((j + ½ − (i + ½) r) / s)` with `s = max(1, r)` and `L(x) = sinc(x) sinc(x / 3)` on [−3, 3]
//! (C. E. Duchon, "Lanczos filtering in one and two dimensions", 1979).
//! Colours are weighted by their alpha, so that what is transparent does not bleed into what is not.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::picture::Picture;

/// The weights by which pixels are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// The mean of the pixels that a pixel replaces; exact repetition when enlarging by whole numbers.
    Area,
    /// Lanczos with three lobes: the sharpest, for photographs and drawings alike.
    #[default]
    Lanczos,
}

/// The picture at `height` × `width` pixels, whatever its aspect ratio was.
///
/// # Errors
/// When that is no size of an image.
pub fn resize(picture: &Picture, height: usize, width: usize, filter: Filter) -> Result<Picture> {
    let channels = picture.channels();
    crate::dataset::check_shape(channels, height, width)?;
    let (h, w) = (picture.height(), picture.width());
    let across = filter.taps(w, width);
    let down = filter.taps(h, height);
    let plane = h * w;
    let (colours, alpha) =
        picture.pixels().split_at(plane * if channels == 4 { 3 } else { channels });
    let weighted = |plane: &[u8]| -> Vec<f32> {
        let values = plane.iter().map(|&value| f32::from(value));
        if alpha.is_empty() {
            values.collect()
        } else {
            values.zip(alpha).map(|(value, &alpha)| value * f32::from(alpha) / 255.0).collect()
        }
    };
    // Rows first: whole rows are mixed at once, and fewer of them are left for the slower pass.
    let mix = |plane: &[f32]| apply_across(&apply_down(plane, w, &down), w, &across);
    let alpha_out = (channels == 4)
        .then(|| mix(&alpha.iter().map(|&value| f32::from(value)).collect::<Vec<_>>()));
    let mut pixels = Vec::with_capacity(channels * height * width);
    for colour in colours.chunks_exact(plane) {
        let mixed = mix(&weighted(colour));
        match &alpha_out {
            None => pixels.extend(mixed.iter().map(|&value| to_byte(value))),
            // Where nothing is to be seen, the colour is black.
            Some(alpha) => pixels.extend(mixed.iter().zip(alpha).map(|(&value, &alpha)| {
                if to_byte(alpha) == 0 { 0 } else { to_byte(value / alpha * 255.0) }
            })),
        }
    }
    if let Some(alpha) = alpha_out {
        pixels.extend(alpha.iter().map(|&value| to_byte(value)));
    }
    Picture::new(channels, height, width, pixels)
}

/// The pixels that one output pixel is made of: the first of them, and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Filter {
    /// The weights of `n` pixels for each of the `m` they become; they add to one.
    fn taps(self, n: usize, m: usize) -> Vec<Taps> {
        let ratio = n as f64 / m as f64;
        (0..m).map(|i| self.tap(n, i as f64 * ratio, (i + 1) as f64 * ratio)).collect()
    }

    /// The weights of `n` pixels for the one that lies from `start` to `end` among them.
    fn tap(self, n: usize, start: f64, end: f64) -> Taps {
        let (centre, scale) = (0.5 * (start + end), (end - start).max(1.0));
        let (low, high) = match self {
            Self::Area => (start, end),
            Self::Lanczos => (centre - LOBES * scale, centre + LOBES * scale),
        };
        let first = (low.floor().max(0.0) as usize).min(n - 1);
        let last = (high.ceil() as usize).clamp(first + 1, n);
        let weight = |j: usize| match self {
            Self::Area => ((j + 1) as f64).min(end) - (j as f64).max(start),
            Self::Lanczos => lanczos((j as f64 + 0.5 - centre) / scale),
        };
        let weights: Vec<f64> = (first..last).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        Taps { first, weights: weights.iter().map(|weight| (weight / sum) as f32).collect() }
    }
}

/// Lobes of the Lanczos filter on each side.
const LOBES: f64 = 3.0;

fn lanczos(x: f64) -> f64 {
    if x.abs() < LOBES { sinc(x) * sinc(x / LOBES) } else { 0.0 }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// `[h, w]` to `[h, taps]`.
fn apply_across(plane: &[f32], w: usize, taps: &[Taps]) -> Vec<f32> {
    let mut out = Vec::with_capacity(plane.len() / w * taps.len());
    for row in plane.chunks_exact(w) {
        out.extend(taps.iter().map(|tap| {
            row[tap.first..]
                .iter()
                .zip(&tap.weights)
                .map(|(value, weight)| value * weight)
                .sum::<f32>()
        }));
    }
    out
}

/// `[h, width]` to `[taps, width]`.
fn apply_down(plane: &[f32], width: usize, taps: &[Taps]) -> Vec<f32> {
    let mut out = vec![0.0; taps.len() * width];
    for (row, tap) in out.chunks_exact_mut(width).zip(taps) {
        for (source, weight) in plane[tap.first * width..].chunks_exact(width).zip(&tap.weights) {
            row.iter_mut().zip(source).for_each(|(sum, value)| *sum += weight * value);
        }
    }
    out
}

fn to_byte(value: f32) -> u8 {
    // Rounded half up; the cast saturates.
    (value + 0.5).max(0.0) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grey(height: usize, width: usize, pixels: Vec<u8>) -> Picture {
        Picture::new(1, height, width, pixels).unwrap()
    }

    #[test]
    fn area_is_the_mean_of_what_is_replaced() {
        let picture = grey(2, 6, vec![0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);
        assert_eq!(resize(&picture, 1, 3, Filter::Area).unwrap().pixels(), [35, 55, 75]);
        // Two thirds of a pixel are two thirds of its weight: (0 + ½·10) / 1.5, (½·10 + 20) / 1.5, ….
        let row = grey(1, 6, vec![0, 10, 20, 30, 40, 50]);
        assert_eq!(resize(&row, 1, 4, Filter::Area).unwrap().pixels(), [3, 17, 33, 47]);
        assert_eq!(
            resize(&row, 2, 12, Filter::Area).unwrap().pixels(),
            [0, 0, 10, 10, 20, 20, 30, 30, 40, 40, 50, 50].repeat(2)
        );
    }

    /// The numbers are those of Pillow 13.0.0, `Image.resize(size, LANCZOS)`, which rounds and clips between the two
    /// directions; with values from 64 to 191, nothing is clipped.
    #[test]
    fn lanczos_agrees_with_pillow() {
        let pixels =
            (0..8 * 10u32).map(|i| 64 + (i.wrapping_mul(2_654_435_761) >> 25) as u8).collect();
        let picture = grey(8, 10, pixels);
        for (height, width, expected) in PILLOW {
            let found = resize(&picture, height, width, Filter::Lanczos).unwrap();
            let worst =
                found.pixels().iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(worst <= 1, "{height}×{width}: {worst}");
            assert_eq!(found.pixels().len(), expected.len());
        }
    }

    #[test]
    fn what_is_transparent_does_not_bleed() {
        // Opaque red beside transparent green: half-covered red.
        let picture = Picture::new(4, 1, 2, vec![255, 0, 0, 255, 0, 0, 255, 0]).unwrap();
        assert_eq!(resize(&picture, 1, 1, Filter::Area).unwrap().pixels(), [255, 0, 0, 128]);
        let clear = Picture::new(4, 2, 2, [[9; 12].as_slice(), &[0; 4]].concat()).unwrap();
        assert_eq!(resize(&clear, 1, 1, Filter::Lanczos).unwrap().pixels(), [0; 4]);
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let say = resize(&grey(1, 1, vec![0]), 1, 1 << 40, Filter::Area).unwrap_err().to_string();
        assert_eq!(
            say,
            "images of 1099511627776×1 pixels: expected at least 1×1 and at most 16384 a side"
        );
    }

    proptest! {
        #[test]
        fn nothing_changes_at_the_same_size(h in 1usize..12, w in 1usize..12, seed: u8, lanczos: bool) {
            let filter = if lanczos { Filter::Lanczos } else { Filter::Area };
            let picture = grey(h, w, (0..h * w).map(|i| (i as u8).wrapping_mul(97) ^ seed).collect());
            prop_assert_eq!(resize(&picture, h, w, filter).unwrap(), picture);
        }

        #[test]
        fn weights_add_to_one_and_stay_inside(n in 1usize..3000, m in 1usize..300, lanczos: bool) {
            let filter = if lanczos { Filter::Lanczos } else { Filter::Area };
            let taps = filter.taps(n, m);
            prop_assert_eq!(taps.len(), m);
            for tap in taps {
                prop_assert!(tap.first + tap.weights.len() <= n);
                let sum: f64 = tap.weights.iter().map(|&weight| f64::from(weight)).sum();
                prop_assert!((sum - 1.0).abs() < 1e-6, "{}", sum);
            }
        }

        #[test]
        fn mirrored_pictures_give_mirrored_pictures(w in 1usize..30, m in 1usize..30, seed: u8) {
            let row: Vec<u8> = (0..w).map(|i| (i as u8).wrapping_mul(53) ^ seed).collect();
            let mirrored = grey(1, w, row.iter().rev().copied().collect());
            let a = resize(&grey(1, w, row), 1, m, Filter::Lanczos).unwrap();
            let b = resize(&mirrored, 1, m, Filter::Lanczos).unwrap();
            for (x, y) in a.pixels().iter().zip(b.pixels().iter().rev()) {
                prop_assert!(x.abs_diff(*y) <= 1);
            }
        }
    }

    const PILLOW: [(usize, usize, &[u8]); 4] = [
        (
            4,
            5,
            &[
                117, 125, 121, 129, 141, 137, 128, 112, 124, 125, 135, 131, 136, 124, 121, 125,
                130, 136, 136, 120,
            ],
        ),
        (
            3,
            7,
            &[
                111, 139, 114, 118, 126, 128, 142, 135, 140, 120, 128, 120, 125, 118, 129, 127,
                136, 130, 155, 107, 133,
            ],
        ),
        (
            13,
            17,
            &[
                52, 92, 140, 110, 99, 165, 183, 131, 79, 77, 132, 141, 102, 142, 196, 162, 123, 61,
                99, 147, 126, 99, 121, 142, 133, 92, 86, 150, 167, 119, 116, 144, 145, 139, 78,
                117, 167, 157, 103, 62, 90, 147, 126, 101, 151, 179, 143, 88, 77, 130, 173, 91,
                138, 196, 182, 115, 67, 102, 174, 162, 108, 95, 118, 143, 107, 85, 151, 204, 110,
                133, 164, 166, 135, 103, 110, 143, 152, 119, 67, 85, 157, 152, 113, 138, 165, 137,
                112, 92, 130, 160, 133, 87, 70, 113, 141, 98, 105, 172, 174, 121, 92, 83, 151, 112,
                81, 142, 193, 157, 89, 59, 107, 155, 128, 104, 118, 138, 132, 95, 67, 169, 140,
                112, 147, 181, 160, 112, 90, 133, 176, 152, 94, 61, 103, 155, 129, 96, 193, 169,
                128, 98, 111, 147, 136, 105, 151, 201, 172, 107, 74, 124, 180, 147, 108, 146, 150,
                139, 84, 82, 159, 173, 121, 128, 161, 162, 134, 106, 115, 140, 136, 127, 66, 105,
                151, 121, 108, 167, 186, 141, 93, 92, 143, 166, 128, 79, 70, 117, 154, 68, 112,
                168, 155, 115, 110, 134, 153, 114, 94, 153, 187, 148, 88, 73, 129, 174, 93, 130,
                177, 168, 113, 65, 92, 156, 140, 116, 167, 192, 154, 105, 97, 143, 180,
            ],
        ),
        (
            5,
            20,
            &[
                58, 90, 140, 153, 115, 99, 119, 141, 145, 118, 83, 99, 155, 166, 124, 106, 130,
                148, 148, 146, 97, 119, 154, 175, 156, 115, 80, 91, 135, 153, 132, 104, 95, 118,
                156, 146, 98, 99, 144, 174, 163, 135, 97, 105, 160, 182, 151, 101, 69, 92, 149,
                159, 117, 93, 109, 137, 152, 133, 98, 76, 150, 148, 142, 119, 97, 117, 163, 165,
                125, 116, 147, 169, 160, 127, 90, 92, 128, 145, 133, 122, 67, 101, 152, 169, 132,
                106, 110, 133, 154, 136, 97, 108, 162, 186, 159, 109, 72, 92, 142, 176,
            ],
        ),
    ];
}
