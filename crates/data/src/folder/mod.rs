//! Folders and tars of images: any depth, PNG, JPEG, WebP and BMP, classes from subfolders or metadata, captions from `metadata.jsonl`.
//!
//! Images are decoded once, in parallel, and kept as bytes; their order is that of their names.
//! The channels are the most that any image has (grey < RGB < RGBA), so nothing is lost; the others are converted up.
//! An RGBA image that is opaque everywhere counts as RGB.

mod archive;
mod assemble;
mod classes;
mod listing;
mod metadata;
mod scan;

use std::path::Path;

pub use metadata::MetadataFault;

use crate::dataset::Dataset;
use crate::error::Result;
use crate::notes::Notes;
use crate::options::Options;

/// Reads the images of a folder and its subfolders.
///
/// # Errors
/// When the folder holds no image that can be read, when the images do not go together
/// (sizes without [`Options::size`], classes asked for and not there), when the metadata break their format,
/// when the memory limit is reached, and for every image passed over or converted where reading is strict.
pub fn read_folder(folder: &Path, options: &Options) -> Result<(Dataset, Notes)> {
    assemble::assemble(scan::scan(folder)?, options)
}

/// Reads the images of a tar, gzipped or not, laid out as a folder of images; nothing is unpacked to disk.
///
/// # Errors
/// As [`read_folder`], and when the tar is damaged or unpacks to more than the memory limit.
pub fn read_tar(path: &Path, options: &Options) -> Result<(Dataset, Notes)> {
    assemble::assemble(archive::list_tar(path, options.memory_limit)?, options)
}
