//! What killed writers leave behind.

use std::fs;
use std::path::Path;

use super::{Place, SUFFIX};
use crate::{Error, Result};

/// Removes the temporary siblings that interrupted writes of `path` left behind, and counts them.
///
/// Call it only where no other process can be writing `path`: it cannot tell a leftover from a
/// write under way.
///
/// # Errors
/// [`Error::Io`] or [`Error::NotWritable`] if the folder cannot be read or a leftover not removed.
pub fn remove_leftovers(path: impl AsRef<Path>) -> Result<usize> {
    let path = path.as_ref();
    let place = Place::of(path)?;
    let prefix = place.prefix();
    let mut removed = 0;
    let entries =
        fs::read_dir(&place.folder).map_err(|reason| Error::reading(&place.folder, reason))?;
    for entry in entries {
        let entry = entry.map_err(|reason| Error::reading(&place.folder, reason))?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let random = name
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
        // The random part has no dot; `.a.b.XXXXXX.tmp` belongs to `a.b`, not to `a`.
        if random.is_none_or(|random| random.contains(&b'.')) {
            continue;
        }
        let leftover = entry.path();
        let outcome = match entry.file_type() {
            Ok(kind) if kind.is_dir() => fs::remove_dir_all(&leftover),
            _ => fs::remove_file(&leftover),
        };
        outcome.map_err(|reason| Error::writing(&leftover, reason))?;
        removed += 1;
    }
    Ok(removed)
}
