//! The one error type of this crate: one sentence per variant, naming the value that was found and what was expected.

use std::io;
use std::path::PathBuf;

use crate::folder::MetadataFault;
use crate::idx::IdxFault;
use crate::picture::ImageFault;

/// What can go wrong while data are read, arranged or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing exists at the given path.
    #[error("{} does not exist: expected a folder of images, a tar of images or IDX files", path.display())]
    Missing {
        /// The path as it was given.
        path: PathBuf,
    },

    /// No image file exists at the given path.
    #[error("{} does not exist: expected an image file", path.display())]
    MissingFile {
        /// The path as it was given.
        path: PathBuf,
    },

    /// A data source was given as an empty string.
    #[error(
        "the data source is empty: expected `digits`, a folder of images, a tar of images or IDX files"
    )]
    EmptySource,

    /// `digits:SPLIT` with an unknown split.
    #[error(
        "the digits have no split named `{split}`: expected `digits`, `digits:train` or `digits:test`"
    )]
    DigitsSplit {
        /// The split as it was given.
        split: String,
    },

    /// The path exists, but is no kind of data set that can be read.
    #[error("{} is not a data set: expected a folder of images, a `.tar` or `.tar.gz` of images, or an IDX file", path.display())]
    UnknownSource {
        /// The path as it was given.
        path: PathBuf,
    },

    /// The operating system refused to read a file or folder.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// The operating system refused to write a file; whatever stood there before is untouched.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A number of channels other than 1, 3 or 4.
    #[error("{channels} channels per image: expected 1 (grey), 3 (RGB) or 4 (RGBA)")]
    Channels {
        /// The offending number.
        channels: usize,
    },

    /// An image without pixels, or with more of them than can be addressed.
    #[error("images of {width}×{height} pixels: expected at least 1×1 and at most 16384 a side")]
    ImageSize {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },

    /// The pixels do not fill a whole number of images.
    #[error("{found} pixel values do not fill whole images of {image} values")]
    PixelCount {
        /// Values given.
        found: usize,
        /// Values of one image: channels · height · width.
        image: usize,
    },

    /// A data set without images.
    #[error("the data set holds no images: expected at least 1")]
    NoImages,

    /// Labels, captions or records that are not one per image.
    #[error("{found} {what} for {images} images: expected one per image")]
    CountMismatch {
        /// What is counted: "labels", "captions" or "records".
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many images there are.
        images: usize,
    },

    /// A label at or beyond the number of classes.
    #[error("label {label} of image {image} is out of range: there are {classes} classes")]
    LabelRange {
        /// The offending label.
        label: u32,
        /// Index of its image.
        image: usize,
        /// The number of classes.
        classes: usize,
    },

    /// An image index at or beyond the number of images.
    #[error("image {index} is out of range: the data set holds {images} images")]
    IndexRange {
        /// The offending index.
        index: usize,
        /// The number of images.
        images: usize,
    },

    /// An IDX file that does not say what an IDX file must say.
    #[error("{name}: {fault}")]
    Idx {
        /// The file.
        name: String,
        /// What is wrong with it.
        fault: IdxFault,
    },

    /// A folder with several IDX data sets, none of which is the one for training.
    #[error("{} holds several files of IDX images ({names}): name one of them", folder.display())]
    SeveralIdx {
        /// The folder.
        folder: PathBuf,
        /// The files.
        names: String,
    },

    /// A folder or tar in which no image was found.
    #[error(
        "no images in {name}: looked for files ending in .png, .jpg, .jpeg, .webp or .bmp, in subfolders too, and found none among {others} other files"
    )]
    NoImageFiles {
        /// The folder or tar.
        name: String,
        /// Visible files of other kinds that were found.
        others: usize,
    },

    /// A folder or tar in which every image was unreadable.
    #[error("none of the {count} images in {name} can be read; the first, {first}, {fault}")]
    NoReadableImages {
        /// The folder or tar.
        name: String,
        /// Images found.
        count: usize,
        /// The first of them.
        first: String,
        /// What is wrong with the first.
        fault: ImageFault,
    },

    /// One image that cannot be used, where that is not to be passed over.
    #[error("{name} {fault}")]
    Image {
        /// The image.
        name: String,
        /// What is wrong with it.
        fault: ImageFault,
    },

    /// Images of different channels, where none is to be converted without being asked for.
    #[error(
        "images differ in channels ({first} has {first_channels}, {other} has {other_channels}): give the number that all are to be converted to, as reading is strict"
    )]
    MixedChannels {
        /// The first image.
        first: String,
        /// Its channels.
        first_channels: usize,
        /// The first image that differs from it.
        other: String,
        /// Its channels.
        other_channels: usize,
    },

    /// Something other than an image that strictness forbids to pass over.
    #[error("{remark} (refused, as reading is strict)")]
    Strict {
        /// What a lenient reading would have remarked.
        remark: String,
    },

    /// Images of different sizes, with no size asked for.
    #[error(
        "images differ in size ({first} is {}×{} pixels, {other} is {}×{}): give the size that all are to be resized to",
        first_size[1], first_size[0], other_size[1], other_size[0]
    )]
    MixedSizes {
        /// The first image.
        first: String,
        /// Its height and width.
        first_size: [usize; 2],
        /// The first image that differs from it.
        other: String,
        /// Its height and width.
        other_size: [usize; 2],
    },

    /// More data than the memory limit allows.
    #[error(
        "{name} takes more memory than the limit of {limit}: use smaller images, fewer of them or a higher limit"
    )]
    Memory {
        /// The data source.
        name: String,
        /// The limit, in words.
        limit: String,
    },

    /// Classes were asked of subfolders, but an image lies in none.
    #[error("{image} lies in no subfolder: with one class per subfolder, every image lies in one")]
    NoClassFolder {
        /// The image.
        image: String,
    },

    /// Classes were asked of a metadata field that some image lacks.
    #[error(
        "{image} has no text or whole number as `{field}` in its metadata: expected one, as classes are made of that field"
    )]
    NoClassField {
        /// The image.
        image: String,
        /// The field.
        field: String,
    },

    /// A line of `metadata.jsonl` that cannot be used.
    #[error("{name}, line {line}: {fault}")]
    Metadata {
        /// The metadata file.
        name: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        fault: MetadataFault,
    },

    /// Batches of no images.
    #[error("a batch size of 0: expected at least 1")]
    BatchSize,

    /// Incomplete batches are dropped, but every batch is incomplete.
    #[error(
        "a batch size of {batch_size} with incomplete batches dropped: the data set holds only {images} images"
    )]
    BatchTooLarge {
        /// Images per batch.
        batch_size: usize,
        /// Images in the data set.
        images: usize,
    },

    /// More images than the loader can number.
    #[error("{images} images: the loader numbers at most 4294967295")]
    TooManyImages {
        /// Images in the data set.
        images: usize,
    },

    /// Pictures of one sheet or film that are not of one shape.
    #[error(
        "picture {index} has {found:?} channels, rows and columns: expected {expected:?}, as picture 0 has"
    )]
    PictureShape {
        /// Index of the picture.
        index: usize,
        /// Its channels, height and width.
        found: [usize; 3],
        /// Those of picture 0.
        expected: [usize; 3],
    },

    /// A sheet or film of no pictures.
    #[error("no pictures to arrange: expected at least 1")]
    NoPictures,

    /// A contact sheet without columns or without enlargement.
    #[error("a contact sheet with {what} 0: expected at least 1")]
    SheetLayout {
        /// The setting that is zero.
        what: &'static str,
    },

    /// A PNG text that the format cannot hold.
    #[error("the PNG text `{keyword}` {problem}")]
    PngText {
        /// Its keyword.
        keyword: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;
