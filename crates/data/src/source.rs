//! A data set by name, as configurations and command lines give it.
//!
//! | given | read |
//! |---|---|
//! | `digits`, `digits:train`, `digits:test` | the embedded digits |
//! | a folder | its IDX files, where it holds some; else its images |
//! | a tar, gzipped or not | its images |
//! | a file of IDX images, gzipped or not | it, with the labels of the usual name beside it |
//! | the beginning of such a file's path, as `mnist/t10k` | the same |
//!
//! A folder that is itself called `digits` is `./digits`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use flate2::read::MultiGzDecoder;

use crate::dataset::Dataset;
use crate::digits;
use crate::error::{Error, Result};
use crate::folder::{read_folder, read_tar};
use crate::idx;
use crate::notes::Notes;
use crate::options::{Classes, Options};
use crate::picture::Picture;
use crate::size;
use crate::transform::fit;

/// Which of the embedded digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The 9,000 to train on.
    Train,
    /// The 1,000 to judge with.
    Test,
}

/// Where a data set comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The embedded digits.
    Digits(Split),
    /// A folder, a tar, an IDX file or the beginning of its path.
    Path(PathBuf),
}

impl FromStr for DataSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "" => Err(Error::EmptySource),
            "digits" | "digits:train" => Ok(Self::Digits(Split::Train)),
            "digits:test" => Ok(Self::Digits(Split::Test)),
            _ => match text.strip_prefix("digits:") {
                Some(split) => Err(Error::DigitsSplit { split: split.to_owned() }),
                None => Ok(Self::Path(text.into())),
            },
        }
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(Split::Train) => f.write_str("digits"),
            Self::Digits(Split::Test) => f.write_str("digits:test"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// Reads a data set; the notes say what was passed over or converted.
///
/// # Errors
/// When nothing is there, it is no kind of data set, or it cannot be read as the options ask
/// (see [`read_folder`], [`read_tar`] and [`idx::read_files`]).
pub fn open(source: &DataSource, options: &Options) -> Result<(Dataset, Notes)> {
    let whole = |dataset| Ok((adapt(dataset, &source.to_string(), options)?, Notes::default()));
    match source {
        DataSource::Digits(Split::Train) => whole(digits::train()),
        DataSource::Digits(Split::Test) => whole(digits::test()),
        DataSource::Path(path) => match kind(path)? {
            Kind::Idx => open_idx(path, source, options),
            Kind::Tar => read_tar(path, options),
            Kind::Other => Err(Error::UnknownSource { path: path.clone() }),
            folder @ (Kind::Folder | Kind::Absent) => match idx::find_images(path)? {
                Some(images) => open_idx(&images, source, options),
                None if folder == Kind::Folder => read_folder(path, options),
                None => Err(Error::Missing { path: path.clone() }),
            },
        },
    }
}

fn open_idx(images: &Path, source: &DataSource, options: &Options) -> Result<(Dataset, Notes)> {
    let mut notes = Notes::default();
    let labels = idx::find_labels(images).filter(|_| options.classes != Classes::Off);
    if labels.is_none() && options.classes != Classes::Off {
        notes
            .remarks
            .push(format!("no labels of the usual name stand beside {}", images.display()));
    }
    let dataset = idx::read_files(images, labels.as_deref(), options.memory_limit)?;
    Ok((adapt(dataset, &source.to_string(), options)?, notes))
}

/// A data set without files behind its images, brought to the channels and size asked for.
fn adapt(dataset: Dataset, name: &str, options: &Options) -> Result<Dataset> {
    let channels = options.channels.unwrap_or(dataset.channels());
    let [height, width] = options.size.unwrap_or([dataset.height(), dataset.width()]);
    let image = crate::dataset::check_shape(channels, height, width)?;
    if (dataset.len() as u64).saturating_mul(image as u64) > options.memory_limit {
        return Err(Error::Memory {
            name: name.to_owned(),
            limit: size::words(options.memory_limit),
        });
    }
    if [channels, height, width] == [dataset.channels(), dataset.height(), dataset.width()] {
        return Ok(dataset);
    }
    dataset.map(|picture: Picture| {
        fit(picture.with_channels(channels)?, height, width, options.fit, options.filter)
    })
}

/// What stands at a path.
#[derive(PartialEq, Eq)]
enum Kind {
    Absent,
    Folder,
    Idx,
    Tar,
    Other,
}

fn kind(path: &Path) -> Result<Kind> {
    let read_error = |source| Error::Read { path: path.to_owned(), source };
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Kind::Absent),
        Err(error) => return Err(read_error(error)),
    };
    if metadata.is_dir() {
        return Ok(Kind::Folder);
    }
    // Opening a pipe or a device could wait for ever.
    if !metadata.is_file() {
        return Ok(Kind::Other);
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4096).read_to_end(&mut start))
        .map_err(read_error)?;
    if start.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        // What cannot be unpacked is left to the reader that is chosen, to be named there.
        let _ = MultiGzDecoder::new(&start[..]).take(512).read_to_end(&mut plain);
        start = plain;
    }
    Ok(match () {
        () if start.starts_with(&[0, 0, 0x08]) || named(path, "ubyte") => Kind::Idx,
        () if start.get(257..262) == Some(b"ustar")
            || named(path, ".tar")
            || named(path, ".tgz") =>
        {
            Kind::Tar
        }
        () => Kind::Other,
    })
}

/// Whether the file's name ends so, before any `.gz`.
fn named(path: &Path, ending: &str) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    name.strip_suffix(".gz").unwrap_or(&name).ends_with(ending)
}
