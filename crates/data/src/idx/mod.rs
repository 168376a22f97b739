//! Data sets in IDX files, the format of MNIST and its relatives: one file of images, one of labels.
//!
//! Images are unsigned bytes of rank 3 `[N, H, W]` (grey) or rank 4; labels are unsigned bytes of rank 1.
//! Rank 4 is `[N, H, W, C]` where the last dimension is 1, 3 or 4, and otherwise `[N, C, H, W]`.
//! Classes are named by their number.

mod array;
mod find;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub use array::{IdxArray, IdxFault};
pub use find::{find_images, find_labels};

use array::times;

use crate::dataset::Dataset;
use crate::error::{Error, Result};

/// Reads a file of images and, where given, its file of labels; `limit` is the most bytes the pixels may take.
///
/// # Errors
/// When a file cannot be opened, is not a whole IDX file of the rank expected, or the counts differ.
pub fn read_files(images: &Path, labels: Option<&Path>, limit: u64) -> Result<Dataset> {
    let name = images.display().to_string();
    let pixels = open(images)?;
    match labels {
        None => read(&name, pixels, None::<(&str, &[u8])>, limit),
        Some(path) => {
            read(&name, pixels, Some((path.display().to_string().as_str(), open(path)?)), limit)
        }
    }
}

/// As [`read_files`], from anything that can be read; the names appear in errors.
///
/// # Errors
/// As [`read_files`], but for opening.
pub fn read(
    name: &str,
    images: impl Read,
    labels: Option<(&str, impl Read)>,
    limit: u64,
) -> Result<Dataset> {
    let fault = |fault| Error::Idx { name: name.to_owned(), fault };
    let dataset = to_dataset(IdxArray::read(images, limit).map_err(fault)?).map_err(fault)??;
    let Some((labels_name, labels)) = labels else { return Ok(dataset) };
    let fault = |fault| Error::Idx { name: labels_name.to_owned(), fault };
    let array = IdxArray::read(labels, limit).map_err(fault)?;
    if array.dims.len() != 1 {
        return Err(fault(IdxFault::Rank { found: array.dims.len(), expected: "1 for labels" }));
    }
    if array.values.len() != dataset.len() {
        let (labels, images) = (array.values.len(), dataset.len());
        return Err(fault(IdxFault::Pair { labels, images, images_name: name.to_owned() }));
    }
    let labels: Vec<u32> = array.values.into_iter().map(u32::from).collect();
    let classes = labels.iter().max().map_or(0, |&largest| largest + 1);
    dataset.with_labels(labels, (0..classes).map(|class| class.to_string()).collect())
}

fn to_dataset(array: IdxArray) -> Result<Result<Dataset>, IdxFault> {
    let IdxArray { dims, values } = array;
    match dims[..] {
        [_, height, width] => Ok(Dataset::new(1, height, width, values)),
        [_, height, width, channels @ (1 | 3 | 4)] => {
            Ok(Dataset::new(channels, height, width, to_planar(&values, channels, height * width)))
        }
        [_, channels @ (1 | 3 | 4), height, width] => {
            Ok(Dataset::new(channels, height, width, values))
        }
        [_, _, _, _] => Err(IdxFault::Channels(times(&dims[1..]))),
        _ => Err(IdxFault::Rank { found: dims.len(), expected: "3 or 4 for images" }),
    }
}

fn to_planar(interleaved: &[u8], channels: usize, area: usize) -> Vec<u8> {
    interleaved
        .chunks_exact(channels * area)
        .flat_map(|image| {
            (0..channels).flat_map(move |c| image.iter().skip(c).step_by(channels).copied())
        })
        .collect()
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path)
        .map(BufReader::new)
        .map_err(|source| Error::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(dims: &[u32], values: impl IntoIterator<Item = u8>) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        bytes.extend(dims.iter().flat_map(|d| d.to_be_bytes()));
        bytes.extend(values);
        bytes
    }

    fn load(images: &[u8], labels: Option<&[u8]>) -> Result<Dataset> {
        read("i", images, labels.map(|l| ("l", l)), 1 << 20)
    }

    #[test]
    fn ranks_three_and_four() {
        let grey = load(&bytes(&[2, 1, 3], 0..6), Some(&bytes(&[2], [4, 1]))).unwrap();
        assert_eq!((grey.channels(), grey.height(), grey.width(), grey.len()), (1, 1, 3, 2));
        assert_eq!(grey.labels(), Some(&[4, 1][..]));
        assert_eq!(grey.class_names(), ["0", "1", "2", "3", "4"]);

        let last = load(&bytes(&[2, 1, 2, 3], 0..12), None).unwrap();
        assert_eq!((last.channels(), last.height(), last.width()), (3, 1, 2));
        assert_eq!(last.pixels(), [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);

        let first = load(&bytes(&[1, 3, 2, 2], 0..12), None).unwrap();
        assert_eq!((first.channels(), first.height(), first.width()), (3, 2, 2));
        assert_eq!(first.pixels(), (0..12).collect::<Vec<u8>>());
    }

    #[test]
    fn wrong_shapes_and_counts_have_sentences() {
        let say =
            |images: &[u8], labels: Option<&[u8]>| load(images, labels).unwrap_err().to_string();
        let two = bytes(&[2, 1, 3], 0..6);
        assert_eq!(
            say(&bytes(&[2, 3], 0..6), None),
            "i: has 2 dimensions: expected 3 or 4 for images"
        );
        assert_eq!(
            say(&bytes(&[1, 2, 2, 2], 0..8), None),
            "i: holds images of 2×2×2: expected 1, 3 or 4 channels as the last dimension or as the second"
        );
        assert_eq!(say(&two, Some(&two)), "l: has 3 dimensions: expected 1 for labels");
        assert_eq!(say(&two, Some(&bytes(&[3], 0..3))), "l: holds 3 labels for the 2 images of i");
        assert_eq!(
            say(&bytes(&[1, 1, 20_000], vec![0; 20_000]), None),
            "images of 20000×1 pixels: expected at least 1×1 and at most 16384 a side"
        );
    }
}
