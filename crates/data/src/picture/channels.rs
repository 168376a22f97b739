//! Pictures with more or fewer channels.
//!
//! Colour becomes grey by `0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601), rounded half up.
//! Grey becomes colour by repetition.
//! An alpha channel that is added is opaque; one that is removed shows the picture on white.

use super::Picture;
use crate::error::{Error, Result};

impl Picture {
    /// The same picture with 1, 3 or 4 channels.
    ///
    /// # Errors
    /// When `channels` is another number.
    pub fn with_channels(self, channels: usize) -> Result<Self> {
        let (height, width) = (self.height, self.width);
        let pixels = match (self.channels, channels) {
            (from, to) if from == to => return Ok(self),
            (1, 3) => self.pixels.repeat(3),
            (1, 4) => {
                let mut pixels = self.pixels.repeat(3);
                pixels.resize(4 * height * width, u8::MAX);
                pixels
            }
            (3, 4) => {
                let mut pixels = self.pixels;
                pixels.resize(4 * height * width, u8::MAX);
                pixels
            }
            (3, 1) => to_grey(&self.pixels, height * width),
            (4, 3) => on_white(&self.pixels, height * width),
            (4, 1) => to_grey(&on_white(&self.pixels, height * width), height * width),
            _ => return Err(Error::Channels { channels }),
        };
        Self::new(channels, height, width, pixels)
    }
}

fn to_grey(rgb: &[u8], area: usize) -> Vec<u8> {
    let [red, green, blue] = [0, 1, 2].map(|c| &rgb[c * area..][..area]);
    let grey = |i: usize| {
        (299 * u32::from(red[i]) + 587 * u32::from(green[i]) + 114 * u32::from(blue[i]) + 500)
            / 1000
    };
    (0..area).map(|i| grey(i) as u8).collect()
}

fn on_white(rgba: &[u8], area: usize) -> Vec<u8> {
    let (colour, alpha) = rgba.split_at(3 * area);
    let mix = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    colour.iter().zip(alpha.iter().cycle()).map(|(&value, &alpha)| mix(value, alpha)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(channels: usize, pixels: &[u8]) -> Picture {
        Picture::new(channels, 1, pixels.len() / channels, pixels.to_vec()).unwrap()
    }

    #[test]
    fn up_and_back_loses_nothing() {
        let grey = picture(1, &[0, 7, 255]);
        for channels in [1, 3, 4] {
            let more = grey.clone().with_channels(channels).unwrap();
            assert_eq!(more.shape(), [channels, 1, 3]);
            assert_eq!(more.with_channels(1).unwrap(), grey);
        }
        let rgb = picture(3, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(rgb.clone().with_channels(4).unwrap().pixels(), [1, 2, 3, 4, 5, 6, 255, 255]);
        assert_eq!(rgb.clone().with_channels(4).and_then(|p| p.with_channels(3)).unwrap(), rgb);
    }

    #[test]
    fn grey_weights_and_white_ground() {
        assert_eq!(picture(3, &[255, 0, 0]).with_channels(1).unwrap().pixels(), [76]);
        assert_eq!(picture(3, &[0, 255, 0]).with_channels(1).unwrap().pixels(), [150]);
        assert_eq!(picture(3, &[0, 0, 255]).with_channels(1).unwrap().pixels(), [29]);
        assert_eq!(picture(4, &[10, 20, 30, 0]).with_channels(3).unwrap().pixels(), [255; 3]);
        assert_eq!(picture(4, &[0, 0, 0, 51]).with_channels(1).unwrap().pixels(), [204]);
        assert!(picture(1, &[0]).with_channels(2).is_err());
    }
}
