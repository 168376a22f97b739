//! What a folder or tar holds: images, metadata files, and the number of other files.

use std::path::PathBuf;

use super::metadata::MetadataFile;

use crate::error::Result;
use crate::notes::Skipped;
use crate::picture::{ImageFault, read_file};

/// The endings of the names of images, in any case.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];

/// The images and metadata of a folder or tar.
#[derive(Debug)]
pub(super) struct Listing {
    /// The folder or tar, for errors.
    pub(super) name: String,
    /// The images, sorted by name.
    pub(super) images: Vec<Entry>,
    pub(super) metadata: Vec<MetadataFile>,
    /// How many visible files are neither.
    pub(super) others: usize,
    /// What could not even be listed.
    pub(super) skipped: Vec<Skipped>,
}

/// One image file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path relative to what is read, with `/` between its parts.
    pub(super) name: String,
    pub(super) source: Source,
}

/// Where the bytes of an image are.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    Memory(Vec<u8>),
}

impl Entry {
    /// Calls `read` with the bytes of the file.
    pub(super) fn with_bytes<T>(
        &self,
        read: impl FnOnce(&[u8]) -> Result<T, ImageFault>,
    ) -> Result<T, ImageFault> {
        match &self.source {
            Source::File(path) => read(&read_file(path)?),
            Source::Memory(bytes) => read(bytes),
        }
    }
}

/// Whether a file is an image, going by its name.
pub(super) fn is_image(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e)))
}
