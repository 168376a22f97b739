//! Pixels, and the two formats they are kept in.
//!
//! Colours are rounded to 51 steps of each channel, so that the few hues of a chart fit a palette and files stay small.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// Hundredths of a second that the last frame of an animation is held.
const LAST_FRAME: u16 = 150;

/// Red, green and blue of each pixel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// The mean of each square of `factor` × `factor` pixels.
    pub(super) fn averaged(rgb: &[u8], (width, height): (u32, u32), factor: u32) -> Self {
        let stride = width * factor;
        let channel = |x: u32, y: u32, c: u32| {
            let square = (0..factor).flat_map(|dy| (0..factor).map(move |dx| (dx, dy)));
            let at = |(dx, dy)| ((y * factor + dy) * stride + x * factor + dx) * 3 + c;
            let sum: u32 = square.map(|offset| u32::from(rgb[at(offset) as usize])).sum();
            let step = (2 * sum + 5 * factor * factor) / (10 * factor * factor);
            (step * 5).min(255) as u8
        };
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| [channel(x, y, 0), channel(x, y, 1), channel(x, y, 2)])
            .collect();
        Self { width, height, pixels }
    }
}

/// At most 256 colours, and each pixel as one of them: the most frequent ones, the others as the nearest of those.
fn indexed(pictures: &[Picture]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for pixel in pictures.iter().flat_map(|p| &p.pixels) {
        *counts.entry(*pixel).or_default() += 1;
    }
    let mut colours: Vec<[u8; 3]> = counts.keys().copied().collect();
    colours.sort_unstable_by_key(|colour| (usize::MAX - counts[colour], *colour));
    let palette = &colours[..colours.len().min(256)];
    let distance = |a: [u8; 3], b: [u8; 3]| -> u32 {
        a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let nearest = |colour: [u8; 3]| {
        (0..palette.len()).min_by_key(|&i| distance(palette[i], colour)).unwrap_or(0) as u8
    };
    let index: HashMap<[u8; 3], u8> = colours.iter().map(|&c| (c, nearest(c))).collect();
    let pixels = pictures.iter().map(|p| p.pixels.iter().map(|c| index[c]).collect()).collect();
    (palette.concat(), pixels)
}

/// Writes a PNG with a palette.
pub(crate) fn write_png(path: &Path, picture: &Picture) -> io::Result<()> {
    let (palette, pixels) = indexed(std::slice::from_ref(picture));
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels[0])?;
    Ok(writer.finish()?)
}

/// Writes an endless GIF; of each frame only the rectangle that differs from the one before.
pub(crate) fn write_gif(path: &Path, pictures: &[Picture], delay: u16) -> io::Result<()> {
    let (palette, frames) = indexed(pictures);
    let Some(first) = pictures.first() else {
        return Err(io::Error::other("an animation needs a frame"));
    };
    let (width, height) = (first.width as usize, first.height as usize);
    let file = BufWriter::new(File::create(path)?);
    let mut encoder =
        gif::Encoder::new(file, width as u16, height as u16, &palette).map_err(io::Error::other)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(io::Error::other)?;
    for (index, pixels) in frames.iter().enumerate() {
        let differs = |x: usize, y: usize| {
            index == 0 || frames[index - 1][y * width + x] != pixels[y * width + x]
        };
        let rows: Vec<usize> = (0..height).filter(|&y| (0..width).any(|x| differs(x, y))).collect();
        let columns: Vec<usize> =
            (0..width).filter(|&x| rows.iter().any(|&y| differs(x, y))).collect();
        let (top, bottom) = ends(&rows);
        let (left, right) = ends(&columns);
        let part: Vec<u8> = (top..=bottom)
            .flat_map(|y| &pixels[y * width + left..=y * width + right])
            .copied()
            .collect();
        let mut frame = gif::Frame::from_indexed_pixels(
            (right - left + 1) as u16,
            (bottom - top + 1) as u16,
            part,
            None,
        );
        (frame.left, frame.top) = (left as u16, top as u16);
        frame.palette = None;
        frame.delay = if index + 1 == frames.len() { LAST_FRAME.max(delay) } else { delay };
        frame.dispose = gif::DisposalMethod::Keep;
        encoder.write_frame(&frame).map_err(io::Error::other)?;
    }
    Ok(())
}

/// First and last of a list; the corner where there is none, since a frame needs a pixel.
fn ends(list: &[usize]) -> (usize, usize) {
    (list.first().copied().unwrap_or(0), list.last().copied().unwrap_or(0))
}
