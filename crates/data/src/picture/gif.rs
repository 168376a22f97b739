//! Animated GIFs, for watching noise become a picture.
//!
//! Grey films are exact: 256 greys are a palette.
//! Colour films get the best 256 colours of each frame (A. Dekker, "Kohonen neural networks for optimal colour quantization", 1994).
//! Transparency is shown on white.

use std::io;
use std::path::Path;
use std::time::Duration;

use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use super::Picture;
use super::contact_sheet::check_alike;
use super::write::write_whole;
use crate::error::Result;

/// How long the last frame is held, unless the delay between frames is longer.
pub const LAST_FRAME: Duration = Duration::from_secs(2);

/// One value in ten pixels is looked at to find the colours of a frame.
const QUANTISER_SPEED: i32 = 10;

/// Writes an endless animation to `path`, whole or not at all; `delay` is rounded to hundredths of a second.
///
/// The last frame is held for [`LAST_FRAME`].
///
/// # Errors
/// When there are no frames, their shapes differ, or the file cannot be written.
pub fn write_gif(path: &Path, frames: &[Picture], delay: Duration) -> Result<()> {
    check_alike(frames)?;
    write_whole(path, |writer| encode(writer, frames, delay))
}

/// As [`write_gif`], to memory.
///
/// # Errors
/// When there are no frames or their shapes differ.
pub fn encode_gif(frames: &[Picture], delay: Duration) -> Result<Vec<u8>> {
    check_alike(frames)?;
    let mut bytes = Vec::new();
    encode(&mut bytes, frames, delay).expect("memory can be written and the frames are checked");
    Ok(bytes)
}

fn encode(writer: impl io::Write, pictures: &[Picture], delay: Duration) -> io::Result<()> {
    let [channels, height, width] = pictures[0].shape();
    let (height, width) = (height as u16, width as u16);
    let greys: Vec<u8> =
        if channels == 1 { (0..=255).flat_map(|grey| [grey; 3]).collect() } else { Vec::new() };
    let mut encoder = Encoder::new(writer, width, height, &greys).map_err(to_io)?;
    encoder.set_repeat(Repeat::Infinite).map_err(to_io)?;
    for (index, picture) in pictures.iter().enumerate() {
        let last = index + 1 == pictures.len();
        let mut frame = match channels {
            1 => Frame::from_indexed_pixels(width, height, picture.pixels(), None),
            _ => {
                let rgb = picture.clone().with_channels(3).map_err(io::Error::other)?;
                Frame::from_rgb_speed(width, height, &rgb.to_interleaved(), QUANTISER_SPEED)
            }
        };
        frame.delay = hundredths(if last { delay.max(LAST_FRAME) } else { delay });
        frame.dispose = DisposalMethod::Keep;
        encoder.write_frame(&frame).map_err(to_io)?;
    }
    encoder.into_inner().map(drop).map_err(to_io)
}

/// Hundredths of a second, at least two: browsers play anything shorter far too slowly.
fn hundredths(delay: Duration) -> u16 {
    let rounded = delay.as_millis().saturating_add(5) / 10;
    u16::try_from(rounded).unwrap_or(u16::MAX).max(2)
}

fn to_io(error: EncodingError) -> io::Error {
    match error {
        EncodingError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames as RGBA, and their delays in hundredths of a second.
    fn play(bytes: &[u8]) -> Vec<(Vec<u8>, u16)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.buffer.to_vec(), frame.delay));
        }
        frames
    }

    #[test]
    fn grey_films_are_exact() {
        let frames: Vec<_> = [0u8, 91, 200]
            .map(|start| {
                Picture::new(1, 16, 16, (0..=255).map(|i| start.wrapping_add(i)).collect()).unwrap()
            })
            .into();
        let film = play(&encode_gif(&frames, Duration::from_millis(84)).unwrap());
        assert_eq!(film.iter().map(|(_, delay)| *delay).collect::<Vec<_>>(), [8, 8, 200]);
        for ((shown, _), frame) in film.iter().zip(&frames) {
            let expected: Vec<u8> =
                frame.pixels().iter().flat_map(|&grey| [grey, grey, grey, 255]).collect();
            assert_eq!(*shown, expected);
        }
    }

    #[test]
    fn colour_films_are_close() {
        // 16×16 pixels of 64 colours: fewer than the palette holds.
        let pixels = (0..3)
            .flat_map(|c| (0..256usize).map(move |i| ((i >> (2 * c)) % 4 * 85) as u8))
            .collect();
        let frame = Picture::new(3, 16, 16, pixels).unwrap();
        let film =
            play(&encode_gif(&[frame.clone(), frame.clone()], Duration::from_secs(3)).unwrap());
        assert_eq!((film.len(), film[0].1, film[1].1), (2, 300, 300));
        let shown = film[0].0.chunks(4).map(|p| &p[..3]);
        let distance = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max();
        let worst = shown.zip(frame.to_interleaved().chunks(3)).map(|(a, b)| distance(a, b)).max();
        assert!(worst <= Some(Some(16)), "{worst:?}");
    }

    #[test]
    fn bytes_repeat_and_odd_films_are_refused() {
        let frame = Picture::new(4, 2, 2, (0..16).map(|i| i * 16).collect()).unwrap();
        let delay = Duration::ZERO;
        assert_eq!(
            encode_gif(std::slice::from_ref(&frame), delay).unwrap(),
            encode_gif(std::slice::from_ref(&frame), delay).unwrap()
        );
        assert_eq!(
            encode_gif(&[], delay).unwrap_err().to_string(),
            "no pictures to arrange: expected at least 1"
        );
        let other = Picture::new(1, 2, 2, vec![0; 4]).unwrap();
        assert!(encode_gif(&[frame, other], delay).is_err());
        assert_eq!((hundredths(delay), hundredths(Duration::MAX)), (2, u16::MAX));
    }
}
