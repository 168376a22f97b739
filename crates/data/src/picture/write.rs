//! Files that are there whole or not at all: written under a temporary name in the same folder, flushed, renamed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Replaces `path` by what `fill` writes; on failure `path` is as it was and nothing else is left behind.
pub(super) fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<()> {
    try_write(path, fill).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn try_write(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    // Renaming over a folder fails only at the end, and on some systems not at all when it is empty.
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Opened by hand: temporary files are private by default, while this one becomes an ordinary file under the umask.
    let temporary = tempfile::Builder::new()
        .prefix(".")
        .suffix(".tmp")
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).open(path))?;
    let mut writer = BufWriter::new(temporary.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|failure| failure.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_failed_write_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        write_whole(&path, |w| w.write_all(b"first")).unwrap();
        let full = write_whole(&path, |w| {
            w.write_all(&[0; 1 << 16])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(
            full.unwrap_err().to_string(),
            format!("cannot write {}: no storage space", path.display())
        );
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        write_whole(&path, |w| w.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
    }

    #[test]
    fn places_that_cannot_be_written_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent").join("p.png");
        let say = |path: &Path| write_whole(path, |_| Ok(())).unwrap_err().to_string();
        let reason = File::create(&absent).unwrap_err();
        assert_eq!(say(&absent), format!("cannot write {}: {reason}", absent.display()));
        assert!(say(folder.path()).contains("is a directory"));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_whole(&ours, |_| Ok(())).unwrap();
        fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
