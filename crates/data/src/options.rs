//! How data are read: size, channels, classes, and what to do about images that cannot be used.

use serde::{Deserialize, Serialize};

use crate::transform::{Filter, Fit};

/// What happens when an image cannot be used, or would have to be changed without being asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// It is passed over or converted, and [`crate::Notes`] says so.
    #[default]
    Lenient,
    /// It is an error.
    Strict,
}

/// Where the classes of images come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classes {
    /// From subfolders, where every image lies in one and there are at least two.
    ///
    /// Folders that all images share are passed over first.
    /// Subfolders named only `train`, `test`, `val`, `valid` or `validation` are taken for parts of the data, not classes.
    #[default]
    Auto,
    /// There are none.
    Off,
    /// From subfolders: the name of the first folder of each image, and an image in none is an error.
    Subfolders,
    /// From this field of `metadata.jsonl`, which holds text or whole numbers.
    Field(String),
}

/// How data are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// Height and width that all images are brought to; without, all must have one size already.
    pub size: Option<[usize; 2]>,
    /// What happens to images of another aspect ratio.
    pub fit: Fit,
    /// How images are resized.
    pub filter: Filter,
    /// 1, 3 or 4 channels that all images are converted to; without, the most that any image has.
    ///
    /// An RGBA image that is opaque everywhere counts as RGB.
    pub channels: Option<usize>,
    /// Where classes come from.
    pub classes: Classes,
    /// What happens when an image cannot be used.
    pub strictness: Strictness,
    /// The most bytes that the pixels may take once read.
    pub memory_limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            size: None,
            fit: Fit::default(),
            filter: Filter::default(),
            channels: None,
            classes: Classes::default(),
            strictness: Strictness::default(),
            memory_limit: 8 << 30,
        }
    }
}
