//! Files and folders that are either wholly written or not written at all.
//!
//! Everything goes to a temporary sibling named `.NAME.XXXXXX.tmp`, is flushed to the disk, and only
//! then takes the place of `NAME` by a rename, which POSIX makes atomic.
//! Whoever opens `NAME` therefore sees the old content or the new, never a mixture, even after a
//! kill, a full disk or a power cut at any moment.
//! Errors name the final place even where the temporary one could not be written.
//! A failed write removes its temporary sibling; one cut short by a kill leaves it behind, which
//! [`remove_leftovers`] clears.

mod file;
mod folder;
mod leftovers;

pub use file::{write_bytes, write_with};
pub use folder::{existing, recover, write_dir};
pub use leftovers::remove_leftovers;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Where a file or folder is written: its folder, and the name it and its temporary siblings share.
struct Place {
    folder: PathBuf,
    name: OsString,
}

impl Place {
    fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().ok_or_else(|| Error::NoName { path: path.to_owned() })?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Ok(Self { folder: folder.to_owned(), name: name.to_owned() })
    }

    /// `.NAME.`, with which all temporary siblings start.
    fn prefix(&self) -> OsString {
        let mut prefix = OsString::from(".");
        prefix.push(&self.name);
        prefix.push(".");
        prefix
    }

    /// `.NAME.old`, under which a folder waits while its successor takes its place.
    fn old(&self) -> PathBuf {
        let mut name = self.prefix();
        name.push("old");
        self.folder.join(name)
    }

    /// Flushes the entries of the folder, so that a rename survives a power cut.
    fn sync(&self) -> Result<()> {
        sync_folder(&self.folder).map_err(|reason| Error::writing(&self.folder, reason))
    }
}

/// The path under which `path` is going to be known: temporary siblings bear their final names.
pub(crate) fn intended(path: &Path) -> PathBuf {
    let parts = path.iter().map(|part| part.to_str().and_then(final_name).map_or(part, OsStr::new));
    parts.collect()
}

/// `NAME` of `.NAME.XXXXXX.tmp`.
fn final_name(temporary: &str) -> Option<&str> {
    let (name, random) = temporary.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit_once('.')?;
    (random.len() == 6 && random.chars().all(|c| c.is_ascii_alphanumeric())).then_some(name)
}

/// The ending of temporary siblings.
const SUFFIX: &str = ".tmp";

/// Flushes a folder's entries to the disk where the system can do that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(reason)
            if matches!(
                reason.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// The reason without the temporary path that `tempfile` appends to it.
fn plain(reason: io::Error) -> io::Error {
    if reason.get_ref().is_some() { reason.kind().into() } else { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_paths_are_told_by_their_final_names() {
        let told = |path: &str| intended(Path::new(path)).display().to_string();
        assert_eq!(
            told("/runs/.model.a1B2c3.tmp/unet/.config.json.XyZ123.tmp"),
            "/runs/model/unet/config.json"
        );
        assert_eq!(told(".model.a1B2c3.tmp"), "model");
        for other in
            ["/runs/model/x.tmp", "a/.hidden.tmp", "./b/.x.toolong.tmp", "../c/.x.ab-12_.tmp"]
        {
            assert_eq!(told(other), other);
        }
    }
}
