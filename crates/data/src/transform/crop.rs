//! The middle of a picture.

use crate::error::Result;
use crate::picture::Picture;

/// The middle `height` × `width` pixels; a picture that is shorter or narrower keeps that side.
///
/// Where an odd number of rows or columns goes, the bottom or the right loses one more.
///
/// # Errors
/// When `height` or `width` is 0.
pub fn centre_crop(picture: &Picture, height: usize, width: usize) -> Result<Picture> {
    let (height, width) = (height.min(picture.height()), width.min(picture.width()));
    let (top, left) = ((picture.height() - height) / 2, (picture.width() - width) / 2);
    let plane = picture.height() * picture.width();
    let pixels = (0..picture.channels())
        .flat_map(|c| (top..top + height).map(move |y| c * plane + y * picture.width() + left))
        .flat_map(|start| &picture.pixels()[start..start + width])
        .copied()
        .collect();
    Picture::new(picture.channels(), height, width, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_kept() {
        let picture = Picture::new(3, 4, 5, (0..60).collect()).unwrap();
        let middle = centre_crop(&picture, 2, 2).unwrap();
        assert_eq!(middle.pixels(), [6, 7, 11, 12, 26, 27, 31, 32, 46, 47, 51, 52]);
        assert_eq!(centre_crop(&picture, 9, 9).unwrap(), picture);
        assert!(centre_crop(&picture, 0, 1).is_err());
    }
}
