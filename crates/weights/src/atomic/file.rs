//! One file, replaced in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Place, SUFFIX, plain};
use crate::{Error, Result};

/// Writes `bytes` to `path` atomically; see [`write_with`].
pub fn write_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Writes `path` atomically with what `fill` puts into the file it is given.
///
/// `fill` writes to a temporary sibling, which is flushed to the disk and renamed to `path`.
/// If anything fails, the sibling is removed and a previous `path` is as it was.
/// A symbolic link at `path` is replaced, not followed.
/// A device or pipe (such as `/dev/stdout`) cannot be replaced and is written to directly.
/// The file is not buffered: wrap it in a [`std::io::BufWriter`] for small writes, and flush that.
///
/// # Errors
/// [`Error::NoSpace`] on a full disk, [`Error::NotWritable`] if the folder is read-only or absent,
/// [`Error::IsFolder`] if `path` is a folder, [`Error::Io`] otherwise.
pub fn write_with(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let place = Place::of(path)?;
    let failed = |reason| Error::writing(path, plain(reason));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(Error::IsFolder { path: path.to_owned() }),
        Ok(found) if !found.is_file() => {
            let mut device = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return fill(&mut device).and_then(|()| device.flush()).map_err(failed);
        }
        _ => {}
    }

    let prefix = place.prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    // Temporary files are private by default; this one becomes an ordinary file, subject to the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(&place.folder).map_err(failed)?;

    fill(temporary.as_file_mut()).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    place.sync()
}
