//! One folder with all its files, replaced in one step.
//!
//! On Linux the finished temporary folder and the old one exchange names (`renameat2` with
//! `RENAME_EXCHANGE`), so `NAME` exists at every moment.
//! Where the system or file system cannot exchange, the old folder steps aside as `.NAME.old`, the
//! new one takes its name, and the old one is removed.
//! If that is cut short between the two renames, `NAME` is absent but `.NAME.old` is the whole
//! previous folder: [`existing`] finds it for reading, and [`recover`] (which every later
//! [`write_dir`] begins with) gives it its name back.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Place, SUFFIX, plain, sync_folder};
use crate::{Error, Result};

/// Writes the folder `folder` atomically with what `fill` puts into the temporary folder it is given.
///
/// The error type is the caller's, so that `fill` may call anything; its own failures are passed on
/// after the temporary folder is removed, and a previous `folder` is then as it was.
/// A previous folder is replaced as a whole: files that `fill` does not write again are gone.
/// A symbolic link at `folder` is replaced, not followed.
///
/// # Errors
/// Those of `fill`; [`Error::NoSpace`], [`Error::NotWritable`] (a read-only or absent parent),
/// [`Error::IsFile`] if `folder` is a file, [`Error::Io`] otherwise.
pub fn write_dir<T, E: From<Error>>(
    folder: impl AsRef<Path>,
    fill: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let folder = folder.as_ref();
    let place = Place::of(folder)?;
    recover(folder)?;
    if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(Error::IsFile { path: folder.to_owned() }.into());
    }
    let failed = |reason| Error::writing(folder, plain(reason));
    let prefix = place.prefix();
    let temporary = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(SUFFIX)
        .tempdir_in(&place.folder)
        .map_err(failed)?;

    let value = fill(temporary.path())?;
    sync_tree(temporary.path()).map_err(failed)?;
    replace(temporary.path(), folder, &place).map_err(failed)?;
    place.sync()?;
    // What now carries the temporary name is the old folder, or nothing. The new one is in place
    // whether or not the old one can be removed, so a failure here is left to `remove_leftovers`.
    let _ = temporary.close();
    Ok(value)
}

/// The folder to read for `folder`: itself, or the previous one if a replacement was cut short.
pub fn existing(folder: impl AsRef<Path>) -> PathBuf {
    let folder = folder.as_ref();
    match Place::of(folder).map(|place| place.old()) {
        Ok(old) if fs::symlink_metadata(folder).is_err() && old.is_dir() => old,
        _ => folder.to_owned(),
    }
}

/// Undoes a replacement of `folder` that was cut short: says whether there was anything to undo.
///
/// # Errors
/// [`Error::NotWritable`] or [`Error::Io`] if the previous folder cannot be given its name back.
pub fn recover(folder: impl AsRef<Path>) -> Result<bool> {
    let folder = folder.as_ref();
    let place = Place::of(folder)?;
    let old = place.old();
    if !old.is_dir() {
        return Ok(false);
    }
    let undone = if fs::symlink_metadata(folder).is_err() {
        fs::rename(&old, folder)
    } else {
        // The new folder had taken its place: only the removal of the old one was cut short.
        fs::remove_dir_all(&old)
    };
    undone.map_err(|reason| Error::writing(folder, reason))?;
    place.sync()?;
    Ok(true)
}

/// Gives the folder `new` the name `folder`; a previous folder is left under the name of `new` or removed.
fn replace(new: &Path, folder: &Path, place: &Place) -> io::Result<()> {
    if fs::symlink_metadata(folder).is_err() {
        return fs::rename(new, folder);
    }
    match exchange(new, folder) {
        Err(reason)
            if matches!(
                reason.kind(),
                io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
            ) =>
        {
            step_aside(new, folder, &place.old())
        }
        outcome => outcome,
    }
}

#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Replaces by two renames; the old folder waits under the name `old` in between.
fn step_aside(new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    fs::rename(folder, old)?;
    if let Err(reason) = fs::rename(new, folder) {
        fs::rename(old, folder)?;
        return Err(reason);
    }
    fs::remove_dir_all(old)
}

/// Flushes every file and folder below `folder`, and itself.
fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            // Windows flushes only what is open for writing.
            OpenOptions::new().read(true).write(cfg!(windows)).open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(path: &Path, content: &str) {
        fs::create_dir_all(path.join("deep")).unwrap();
        fs::write(path.join("deep/file"), content).unwrap();
    }

    fn content(path: &Path) -> String {
        fs::read_to_string(path.join("deep/file")).unwrap()
    }

    #[test]
    fn stepping_aside_replaces_and_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (new, model) = (root.path().join("new"), root.path().join("model"));
        folder_with(&new, "new");
        folder_with(&model, "old");
        step_aside(&new, &model, &Place::of(&model).unwrap().old()).unwrap();
        assert_eq!(content(&model), "new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_cut_between_its_renames_loses_nothing() {
        let root = tempfile::tempdir().unwrap();
        let model = root.path().join("model");
        folder_with(&model, "old");
        fs::rename(&model, Place::of(&model).unwrap().old()).unwrap();

        assert_eq!(content(&existing(&model)), "old");
        assert!(recover(&model).unwrap());
        assert_eq!(content(&model), "old");
        assert!(!recover(&model).unwrap());
    }

    #[test]
    fn a_replacement_cut_before_the_old_folder_is_removed_keeps_the_new_one() {
        let root = tempfile::tempdir().unwrap();
        let model = root.path().join("model");
        folder_with(&model, "new");
        folder_with(&Place::of(&model).unwrap().old(), "old");

        assert_eq!(existing(&model), model);
        assert!(recover(&model).unwrap());
        assert_eq!(content(&model), "new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
