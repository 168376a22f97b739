//! One image of bytes, and the files it is read from and written to.
//!
//! [`Picture`] is planar: `[C, H, W]` with C = 1 (grey), 3 (RGB) or 4 (RGBA, alpha not multiplied in).
//! From the numbers of a model, a pixel is `(x + 1) · 127.5`, clamped and rounded half away from zero (see [`crate::signed`]).

mod channels;
mod contact_sheet;
mod decode;
mod gif;
mod jpeg_end;
mod png;
mod write;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use contact_sheet::{ContactSheet, contact_sheet};
pub use decode::{ImageFault, MAX_FILE_BYTES, MAX_PIXELS, decode};
pub use gif::{LAST_FRAME, encode_gif, write_gif};
pub use png::{encode_png, read_png_text, write_png};

use crate::dataset::check_shape;
use crate::error::{Error, Result};
use crate::signed::{from_signed, to_signed};

/// An image of planar bytes `[C, H, W]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    channels: usize,
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture of planar pixels `[C, H, W]`.
    ///
    /// # Errors
    /// When the shape is not that of an image, or the pixels do not fill it exactly.
    pub fn new(channels: usize, height: usize, width: usize, pixels: Vec<u8>) -> Result<Self> {
        let image = check_shape(channels, height, width)?;
        if pixels.len() != image {
            return Err(Error::PixelCount { found: pixels.len(), image });
        }
        Ok(Self { channels, height, width, pixels })
    }

    /// A picture of planar numbers `[C, H, W]` in [−1, 1], as models give them.
    ///
    /// # Errors
    /// As [`Picture::new`].
    pub fn from_signed(
        channels: usize,
        height: usize,
        width: usize,
        values: &[f32],
    ) -> Result<Self> {
        Self::new(channels, height, width, values.iter().copied().map(from_signed).collect())
    }

    /// Pictures of a batch of planar numbers `[N, C, H, W]` in [−1, 1].
    ///
    /// # Errors
    /// As [`crate::Dataset::new`].
    pub fn batch_from_signed(shape: [usize; 4], values: &[f32]) -> Result<Vec<Self>> {
        let [count, channels, height, width] = shape;
        let image = check_shape(channels, height, width)?;
        if count.checked_mul(image) != Some(values.len()) {
            return Err(Error::PixelCount { found: values.len(), image });
        }
        values
            .chunks_exact(image)
            .map(|one| Self::from_signed(channels, height, width, one))
            .collect()
    }

    /// The picture in an image file: PNG, JPEG, WebP or BMP, whatever its name says.
    ///
    /// # Errors
    /// When the file cannot be opened or holds no whole image of a size that is read.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = read_file(path).map_err(|fault| match fault {
            ImageFault::Missing => Error::MissingFile { path: path.to_owned() },
            fault => Error::Image { name: path.display().to_string(), fault },
        })?;
        decode(&bytes).map_err(|fault| Error::Image { name: path.display().to_string(), fault })
    }

    /// The pixels as planar numbers in [−1, 1].
    pub fn to_signed(&self) -> Vec<f32> {
        self.pixels.iter().copied().map(to_signed).collect()
    }

    /// 1 (grey), 3 (RGB) or 4 (RGBA).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The planar pixels, `[C, H, W]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The planar pixels, `[C, H, W]`, without a copy.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The pixels as image files hold them: `[H, W, C]`.
    pub fn to_interleaved(&self) -> Vec<u8> {
        let mut interleaved = vec![0; self.pixels.len()];
        for (c, plane) in self.pixels.chunks_exact(self.height * self.width).enumerate() {
            let places = interleaved.iter_mut().skip(c).step_by(self.channels);
            places.zip(plane).for_each(|(to, &from)| *to = from);
        }
        interleaved
    }

    /// A picture of the pixels as image files hold them: `[H, W, C]`.
    ///
    /// # Errors
    /// As [`Picture::new`].
    pub fn from_interleaved(
        channels: usize,
        height: usize,
        width: usize,
        pixels: &[u8],
    ) -> Result<Self> {
        check_shape(channels, height, width)?;
        let planar =
            (0..channels).flat_map(|c| pixels.iter().skip(c).step_by(channels).copied()).collect();
        Self::new(channels, height, width, planar)
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// The bytes of an image file, or why they are not taken.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, ImageFault> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ImageFault::Missing,
        _ => ImageFault::Unreadable(error.to_string()),
    };
    let metadata = path.metadata().map_err(unreadable)?;
    // Opening a pipe or a device could wait for ever.
    if !metadata.is_file() {
        return Err(ImageFault::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ImageFault::FileTooLong);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_and_numbers_round_trip() {
        let pixels: Vec<u8> = (0..24).collect();
        let picture = Picture::new(4, 2, 3, pixels.clone()).unwrap();
        let interleaved = picture.to_interleaved();
        assert_eq!(interleaved[..8], [0, 6, 12, 18, 1, 7, 13, 19]);
        assert_eq!(Picture::from_interleaved(4, 2, 3, &interleaved).unwrap(), picture);
        assert_eq!(Picture::from_signed(4, 2, 3, &picture.to_signed()).unwrap(), picture);
        let batch = Picture::batch_from_signed([2, 3, 2, 2], &picture.to_signed()).unwrap();
        assert_eq!(batch[1].pixels(), &pixels[12..]);
    }

    #[test]
    fn shapes_are_checked() {
        let say = |r: Result<Picture>| r.unwrap_err().to_string();
        assert_eq!(
            say(Picture::new(1, 2, 2, vec![0; 5])),
            "5 pixel values do not fill whole images of 4 values"
        );
        assert!(say(Picture::from_interleaved(0, 2, 2, &[])).starts_with("0 channels per image"));
        assert!(Picture::batch_from_signed([3, 1, 2, 2], &[0.0; 8]).is_err());
    }

    #[test]
    fn files_that_are_no_images_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let say = |path: &Path| Picture::open(path).unwrap_err().to_string();
        let absent = folder.path().join("absent.png");
        assert_eq!(
            say(&absent),
            format!("{} does not exist: expected an image file", absent.display())
        );
        assert!(say(folder.path()).ends_with(" is not a regular file"));
        let empty = folder.path().join("empty.png");
        std::fs::write(&empty, b"").unwrap();
        assert!(say(&empty).ends_with("empty.png is empty (0 bytes)"));
    }
}
