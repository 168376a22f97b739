//! `[data]`: which pictures to learn from.

use serde::Serialize;

use super::source::Source;
use crate::{Error, Result};

const SOURCE: &str = "\"digits\", a folder of pictures or an IDX file";

/// Which pictures to learn from and how to bring them to one shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DataConfig {
    /// `digits` for the embedded ones, or the path of a picture folder or IDX file.
    pub source: String,
    /// Side length in pixels; the pictures' own where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// 1 (grey), 3 (RGB) or 4 (RGBA); detected where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Mirrors half of the pictures left to right.
    pub flip: bool,
    /// Refuses unreadable pictures instead of skipping them.
    pub strict: bool,
    /// Conditions on the class labels where the data has them.
    pub labels: bool,
}

impl DataConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let path = source.text("data.source", SOURCE)?;
        let size = source.whole("data.size", 0, 1..=4096)?;
        let channels = source.entry("data.channels").map(|entry| {
            match super::source::as_whole(&entry.value) {
                Some(v @ (1 | 3 | 4)) => Ok(v as usize),
                _ => Err(entry.refuse("1 (grey), 3 (RGB) or 4 (RGBA)")),
            }
        });
        Ok(Self {
            flip: source.flag("data.flip", false)?,
            strict: source.flag("data.strict", false)?,
            labels: source.flag("data.labels", true)?,
            size: (size > 0).then_some(size as usize),
            channels: channels.transpose()?,
            source: path.unwrap_or_default(),
        })
    }

    /// Fails where no source is written; asked last, so that a misspelt key is named as such.
    pub(super) fn check_given(&self) -> Result<()> {
        if self.source.is_empty() {
            Err(Error::Missing { key: "data.source", expected: SOURCE })
        } else {
            Ok(())
        }
    }
}
