//! Many pictures of one shape on one sheet, row by row.

use super::Picture;
use crate::error::{Error, Result};

/// How a sheet is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactSheet {
    /// Pictures per row, at least 1.
    pub columns: usize,
    /// Pixels between pictures and around them.
    pub gap: usize,
    /// Every pixel of a picture becomes a square of this side, at least 1.
    pub scale: usize,
    /// The value of all channels between pictures and in empty places; an alpha channel is opaque there.
    pub background: u8,
}

impl ContactSheet {
    /// A sheet with `columns` pictures per row, two white pixels between them, not enlarged.
    pub fn new(columns: usize) -> Self {
        Self { columns, gap: 2, scale: 1, background: u8::MAX }
    }

    /// The sheet of these pictures, with no more columns than pictures.
    ///
    /// # Errors
    /// When there are no pictures, their shapes differ, columns or scale are 0, or the sheet grows too large for an image.
    pub fn render(&self, pictures: &[Picture]) -> Result<Picture> {
        check_alike(pictures)?;
        for (what, value) in [("columns", self.columns), ("scale", self.scale)] {
            if value == 0 {
                return Err(Error::SheetLayout { what });
            }
        }
        let [channels, height, width] = pictures[0].shape();
        let columns = self.columns.min(pictures.len());
        let rows = pictures.len().div_ceil(columns);
        // Saturating, so that an absurd sheet is refused as too large.
        let side = |count: usize, length: usize| {
            let cell = length.saturating_mul(self.scale).saturating_add(self.gap);
            count.saturating_mul(cell).saturating_add(self.gap)
        };
        let (sheet_height, sheet_width) = (side(rows, height), side(columns, width));
        let len = crate::dataset::check_shape(channels, sheet_height, sheet_width)?;
        let mut pixels = vec![self.background; len];
        if channels == 4 {
            pixels[3 * sheet_height * sheet_width..].fill(u8::MAX);
        }
        for (index, picture) in pictures.iter().enumerate() {
            let top = side(index / columns, height);
            let left = side(index % columns, width);
            for (line, row) in picture.pixels().chunks_exact(width).enumerate() {
                let (channel, y) = (line / height, top + line % height * self.scale);
                for repeat in 0..self.scale {
                    let start = (channel * sheet_height + y + repeat) * sheet_width + left;
                    let target =
                        pixels[start..start + width * self.scale].chunks_exact_mut(self.scale);
                    target.zip(row).for_each(|(square, &value)| square.fill(value));
                }
            }
        }
        Picture::new(channels, sheet_height, sheet_width, pixels)
    }
}

/// The pictures in rows of `columns`, two white pixels apart, not enlarged.
///
/// # Errors
/// As [`ContactSheet::render`].
pub fn contact_sheet(pictures: &[Picture], columns: usize) -> Result<Picture> {
    ContactSheet::new(columns).render(pictures)
}

/// At least one picture, all of one shape.
pub(super) fn check_alike(pictures: &[Picture]) -> Result<()> {
    let expected = pictures.first().ok_or(Error::NoPictures)?.shape();
    match pictures.iter().position(|picture| picture.shape() != expected) {
        None => Ok(()),
        Some(index) => Err(Error::PictureShape { index, found: pictures[index].shape(), expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_has_its_place() {
        let picture = |k: u8| Picture::new(1, 1, 2, vec![k, k + 1]).unwrap();
        let sheet = ContactSheet { columns: 2, gap: 1, scale: 2, background: 0 };
        let sheet = sheet.render(&[picture(1), picture(3), picture(5)]).unwrap();
        assert_eq!((sheet.height(), sheet.width()), (7, 11));
        let rows: Vec<&[u8]> = sheet.pixels().chunks(11).collect();
        assert_eq!(rows[0], [0; 11]);
        assert_eq!(rows[1], [0, 1, 1, 2, 2, 0, 3, 3, 4, 4, 0]);
        assert_eq!(rows[2], rows[1]);
        assert_eq!(rows[4], [0, 5, 5, 6, 6, 0, 0, 0, 0, 0, 0]);
        assert_eq!(rows[5], rows[4]);
    }

    #[test]
    fn colours_keep_their_planes() {
        let sheet = contact_sheet(&[Picture::new(4, 1, 1, vec![1, 2, 3, 4]).unwrap()], 8).unwrap();
        assert_eq!((sheet.height(), sheet.width()), (5, 5));
        for (channel, plane) in sheet.pixels().chunks(25).enumerate() {
            assert_eq!(plane[12], channel as u8 + 1);
            assert_eq!((plane[0], plane[24]), (255, 255));
        }
    }

    #[test]
    fn sheets_that_cannot_be_are_refused() {
        let one = |h, w| Picture::new(1, h, w, vec![0; h * w]).unwrap();
        let say = |r: Result<Picture>| r.unwrap_err().to_string();
        assert_eq!(say(contact_sheet(&[], 3)), "no pictures to arrange: expected at least 1");
        assert_eq!(
            say(contact_sheet(&[one(1, 1)], 0)),
            "a contact sheet with columns 0: expected at least 1"
        );
        assert_eq!(
            say(contact_sheet(&[one(1, 1), one(1, 2)], 2)),
            "picture 1 has [1, 1, 2] channels, rows and columns: expected [1, 1, 1], as picture 0 has"
        );
        let vast = ContactSheet { scale: usize::MAX, ..ContactSheet::new(1) };
        assert!(say(vast.render(&[one(1, 1)])).ends_with("at most 16384 a side"));
    }
}
