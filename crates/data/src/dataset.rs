//! Images of one size in memory, with what is known about each: class, caption, metadata.

use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::picture::Picture;

/// The longest side of an image that this crate reads or holds, in pixels.
pub const MAX_SIDE: usize = 16_384;

/// One JSON object of metadata, as `metadata.jsonl` gives it.
pub type Record = Map<String, Value>;

/// At least one image; all have the same channels, height and width.
///
/// Pixels are planar bytes `[N, C, H, W]`: grey (C = 1), RGB (3) or RGBA (4).
/// Every label is below the number of class names, and labels, captions and records are one per image where there are any.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    channels: usize,
    height: usize,
    width: usize,
    pixels: Vec<u8>,
    labels: Option<Vec<u32>>,
    class_names: Vec<String>,
    captions: Option<Vec<String>>,
    records: Option<Vec<Record>>,
}

impl Dataset {
    /// Images without labels or captions, from planar pixels `[N, C, H, W]`.
    ///
    /// # Errors
    /// When the shape is not that of an image, or the pixels do not fill at least one, and whole ones.
    pub fn new(channels: usize, height: usize, width: usize, pixels: Vec<u8>) -> Result<Self> {
        let image = check_shape(channels, height, width)?;
        if pixels.is_empty() {
            return Err(Error::NoImages);
        }
        if !pixels.len().is_multiple_of(image) {
            return Err(Error::PixelCount { found: pixels.len(), image });
        }
        Ok(Self {
            channels,
            height,
            width,
            pixels,
            labels: None,
            class_names: Vec::new(),
            captions: None,
            records: None,
        })
    }

    /// The same images with a class each: `labels[i]` is an index into `class_names`.
    ///
    /// # Errors
    /// When there is not one label per image, or a label names no class.
    pub fn with_labels(mut self, labels: Vec<u32>, class_names: Vec<String>) -> Result<Self> {
        self.check_count("labels", labels.len())?;
        let classes = class_names.len();
        if let Some((image, &label)) =
            labels.iter().enumerate().find(|(_, l)| **l as usize >= classes)
        {
            return Err(Error::LabelRange { label, image, classes });
        }
        self.labels = Some(labels);
        self.class_names = class_names;
        Ok(self)
    }

    /// The same images with a caption each.
    ///
    /// # Errors
    /// When there is not one caption per image.
    pub fn with_captions(mut self, captions: Vec<String>) -> Result<Self> {
        self.check_count("captions", captions.len())?;
        self.captions = Some(captions);
        Ok(self)
    }

    /// The same images with a record of metadata each.
    ///
    /// # Errors
    /// When there is not one record per image.
    pub fn with_records(mut self, records: Vec<Record>) -> Result<Self> {
        self.check_count("records", records.len())?;
        self.records = Some(records);
        Ok(self)
    }

    /// The chosen images in the order given, with their labels, captions and records; repeats are allowed.
    ///
    /// # Errors
    /// When no image is chosen, or an index is beyond the last image.
    pub fn select(&self, indices: &[usize]) -> Result<Self> {
        if let Some(&index) = indices.iter().find(|i| **i >= self.len()) {
            return Err(Error::IndexRange { index, images: self.len() });
        }
        let mut pixels = Vec::with_capacity(indices.len() * self.image_len());
        indices.iter().for_each(|&i| pixels.extend(self.image(i)));
        let mut chosen = Self::new(self.channels, self.height, self.width, pixels)?;
        chosen.class_names.clone_from(&self.class_names);
        chosen.labels = self.labels.as_ref().map(|all| indices.iter().map(|&i| all[i]).collect());
        chosen.captions =
            self.captions.as_ref().map(|all| indices.iter().map(|&i| all[i].clone()).collect());
        chosen.records =
            self.records.as_ref().map(|all| indices.iter().map(|&i| all[i].clone()).collect());
        Ok(chosen)
    }

    /// Every image changed in the same way, with the labels, captions and records as they were.
    ///
    /// # Errors
    /// When `change` fails, or gives pictures of different shapes.
    pub fn map(self, change: impl Fn(Picture) -> Result<Picture> + Sync) -> Result<Self> {
        let pictures = (0..self.len())
            .into_par_iter()
            .map(|index| change(self.picture(index)))
            .collect::<Result<Vec<_>>>()?;
        let expected = pictures[0].shape();
        if let Some(index) = pictures.iter().position(|picture| picture.shape() != expected) {
            return Err(Error::PictureShape { index, found: pictures[index].shape(), expected });
        }
        let [channels, height, width] = expected;
        let mut pixels = Vec::with_capacity(pictures.len() * channels * height * width);
        pictures.into_iter().for_each(|picture| pixels.extend(picture.into_pixels()));
        Ok(Self { channels, height, width, pixels, ..self })
    }

    /// The number of images, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "a data set is never empty")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.image_len()
    }

    /// Values per image: channels · height · width.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
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

    /// All pixels, planar: `[N, C, H, W]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of image `index`, planar: `[C, H, W]`.
    ///
    /// # Panics
    /// When there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.image_len()..][..self.image_len()]
    }

    /// Image `index` as a picture that can be written to a file.
    ///
    /// # Panics
    /// When there is no such image.
    pub fn picture(&self, index: usize) -> Picture {
        Picture::new(self.channels, self.height, self.width, self.image(index).to_vec())
            .expect("an image of a data set has the shape of a picture")
    }

    /// The class of each image, where classes are known.
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// The names of the classes; none where classes are not known.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The caption of each image, where there are captions; an image without one has the empty caption.
    pub fn captions(&self) -> Option<&[String]> {
        self.captions.as_deref()
    }

    /// The metadata of each image, where there are any; an image without has an empty record.
    pub fn records(&self) -> Option<&[Record]> {
        self.records.as_deref()
    }

    fn check_count(&self, what: &'static str, found: usize) -> Result<()> {
        if found == self.len() {
            Ok(())
        } else {
            Err(Error::CountMismatch { what, found, images: self.len() })
        }
    }
}

/// The number of values of one image, or why there can be none of this shape.
pub(crate) fn check_shape(channels: usize, height: usize, width: usize) -> Result<usize> {
    if !matches!(channels, 1 | 3 | 4) {
        return Err(Error::Channels { channels });
    }
    if !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
        return Err(Error::ImageSize { height, width });
    }
    Ok(channels * height * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| i.to_string()).collect()
    }

    #[test]
    fn invariants_are_refused_in_a_sentence() {
        let say = |r: Result<Dataset>| r.unwrap_err().to_string();
        assert_eq!(
            say(Dataset::new(2, 1, 1, vec![0; 2])),
            "2 channels per image: expected 1 (grey), 3 (RGB) or 4 (RGBA)"
        );
        assert_eq!(
            say(Dataset::new(1, 0, 5, vec![])),
            "images of 5×0 pixels: expected at least 1×1 and at most 16384 a side"
        );
        assert!(
            say(Dataset::new(1, usize::MAX, 5, vec![]))
                .starts_with("images of 5×18446744073709551615 pixels")
        );
        assert_eq!(
            say(Dataset::new(1, 2, 2, vec![])),
            "the data set holds no images: expected at least 1"
        );
        assert_eq!(
            say(Dataset::new(1, 2, 2, vec![0; 7])),
            "7 pixel values do not fill whole images of 4 values"
        );
        let two = Dataset::new(1, 1, 1, vec![3, 4]).unwrap();
        assert_eq!(
            say(two.clone().with_labels(vec![0], names(1))),
            "1 labels for 2 images: expected one per image"
        );
        assert_eq!(
            say(two.clone().with_labels(vec![0, 1], names(1))),
            "label 1 of image 1 is out of range: there are 1 classes"
        );
        assert_eq!(
            say(two.clone().with_captions(vec![])),
            "0 captions for 2 images: expected one per image"
        );
        assert_eq!(say(two.select(&[2])), "image 2 is out of range: the data set holds 2 images");
        assert_eq!(say(two.select(&[])), "the data set holds no images: expected at least 1");
    }

    #[test]
    fn select_takes_everything_along() {
        let all = Dataset::new(1, 1, 2, vec![0, 1, 2, 3, 4, 5])
            .and_then(|d| d.with_labels(vec![0, 1, 2], names(3)))
            .and_then(|d| d.with_captions(vec!["a".into(), "b".into(), "c".into()]))
            .unwrap();
        let some = all.select(&[2, 0, 2]).unwrap();
        assert_eq!(some.pixels(), [4, 5, 0, 1, 4, 5]);
        assert_eq!(some.labels(), Some(&[2, 0, 2][..]));
        assert_eq!(some.captions().unwrap(), ["c", "a", "c"]);
        assert_eq!((some.len(), some.class_names().len()), (3, 3));
        assert_eq!(some.picture(1).pixels(), [0, 1]);
    }
}
