//! The images of a folder and of its subfolders.
//!
//! Names that begin with a dot are passed over.
//! Links are followed, and every folder is entered once, so links that lead in circles come to an end.
//! The order is that of the bytes of the names, relative to the folder, on every system.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::listing::{Entry, Listing, Source, is_image};
use super::metadata::{FILE_NAME, MetadataFile};
use crate::error::{Error, Result};
use crate::notes::Skipped;
use crate::picture::{ImageFault, read_file};

/// Lists a folder.
///
/// # Errors
/// When the folder itself cannot be listed or a metadata file cannot be read.
pub(super) fn scan(folder: &Path) -> Result<Listing> {
    let mut listing = Listing {
        name: folder.display().to_string(),
        images: Vec::new(),
        metadata: Vec::new(),
        others: 0,
        skipped: Vec::new(),
    };
    let read_error = |source| Error::Read { path: folder.to_owned(), source };
    let mut entered = HashSet::from([folder.canonicalize().map_err(read_error)?]);
    // Folders still to be entered, the next one last.
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = waiting.pop() {
        let names = match names(&path) {
            Ok(names) => names,
            Err(source) if prefix.is_empty() => return Err(Error::Read { path, source }),
            Err(error) => {
                let fault = ImageFault::Unreadable(error.to_string());
                listing.skipped.push(Skipped { name: prefix, fault });
                continue;
            }
        };
        let mut folders = Vec::new();
        for (shown, name) in names {
            let path = path.join(name);
            let name = format!("{prefix}{shown}");
            if path.is_dir() {
                if path.canonicalize().is_ok_and(|real| entered.insert(real)) {
                    folders.push((path, name + "/"));
                }
            } else if is_image(&name) {
                listing.images.push(Entry { name, source: Source::File(path) });
            } else if shown == FILE_NAME {
                let shown = path.display().to_string();
                let bytes = read_file(&path)
                    .map_err(|fault| Error::Image { name: shown.clone(), fault })?;
                listing.metadata.push(MetadataFile { name: shown, folder: prefix.clone(), bytes });
            } else {
                listing.others += 1;
            }
        }
        waiting.extend(folders.into_iter().rev());
    }
    listing.images.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// The visible names in a folder, sorted, as text and as the system has them.
fn names(folder: &Path) -> std::io::Result<Vec<(String, std::ffi::OsString)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy().into_owned();
        if !shown.starts_with('.') {
            names.push((shown, name));
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(folder: &Path) -> Vec<String> {
        scan(folder).unwrap().images.into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn order_is_that_of_whole_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for sub in ["b", "a", ".git", "a/deep"] {
            fs::create_dir(root.join(sub)).unwrap();
        }
        for file in [
            "a-b.png",
            "a.JPG",
            "a/z.webp",
            "a/deep/x.bmp",
            "b/1.jpeg",
            "b/10.png",
            "b/2.png",
            ".x.png",
            ".git/y.png",
            "c.gif",
            "notes",
        ] {
            fs::write(root.join(file), b"").unwrap();
        }
        assert_eq!(
            listed(root),
            ["a-b.png", "a.JPG", "a/deep/x.bmp", "a/z.webp", "b/1.jpeg", "b/10.png", "b/2.png"]
        );
        assert_eq!(scan(root).unwrap().others, 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/one.png"), b"").unwrap();
        symlink(root, root.join("a/b/up")).unwrap();
        symlink(root.join("a"), root.join("z")).unwrap();
        symlink(root.join("a/one.png"), root.join("two.png")).unwrap();
        symlink(root.join("nowhere"), root.join("lost.png")).unwrap();
        assert_eq!(listed(root), ["a/one.png", "lost.png", "two.png"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        assert!(
            scan(&absent)
                .unwrap_err()
                .to_string()
                .starts_with(&format!("cannot read {}: ", absent.display()))
        );
    }
}
