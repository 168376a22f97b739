//! The usual names of IDX files: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, each with or without `.gz`.
//!
//! A dot in place of the last hyphen (`train-images.idx3-ubyte`) and a longer beginning (`emnist-letters-train-…`) are also met.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The image file that a folder, or a path that begins its name, stands for; `None` where there is none.
///
/// For a folder with several, the one for training is meant.
/// `folder/t10k` stands for `folder/t10k-images-idx3-ubyte` or its like.
/// Where a file is there both plain and gzipped, the plain one is meant.
///
/// # Errors
/// When the folder cannot be listed, or several files are meant.
pub fn find_images(path: &Path) -> Result<Option<PathBuf>> {
    let (folder, beginning) = if path.is_dir() {
        (path, "")
    } else {
        let Some(beginning) = path.file_name().and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => (Path::new("."), beginning),
            Some(parent) if parent.is_dir() => (parent, beginning),
            _ => return Ok(None),
        }
    };
    let read_error = |source| Error::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read_error)? {
        if let Ok(name) = entry.map_err(read_error)?.file_name().into_string()
            && is_images(&name)
            && name
                .strip_prefix(beginning)
                .is_some_and(|rest| beginning.is_empty() || rest.starts_with(['-', '.']))
        {
            names.push(name);
        }
    }
    names.sort();
    // Sorted, the plain file stands right before its gzipped twin.
    names.dedup_by(|zipped, plain| zipped.strip_suffix(".gz") == Some(plain));
    if names.len() > 1 {
        let training: Vec<_> =
            names.iter().filter(|name| name.contains("train")).cloned().collect();
        match &training[..] {
            [one] => names = vec![one.clone()],
            _ => {
                return Err(Error::SeveralIdx {
                    folder: folder.to_owned(),
                    names: names.join(", "),
                });
            }
        }
    }
    Ok(names.pop().map(|name| folder.join(name)))
}

/// The label file beside an image file of the usual name; `None` where there is none.
pub fn find_labels(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    if !is_images(name) {
        return None;
    }
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let labels =
        plain.replacen("images", "labels", 1).replace("idx3", "idx1").replace("idx4", "idx1");
    [labels.clone(), format!("{labels}.gz")]
        .into_iter()
        .map(|name| images.with_file_name(name))
        .find(|path| path.is_file())
}

fn is_images(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let Some(start) =
        ["idx3-ubyte", "idx4-ubyte"].into_iter().find_map(|end| plain.strip_suffix(end))
    else {
        return false;
    };
    start.ends_with("images-") || start.ends_with("images.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        folder
    }

    fn found(folder: &Path, beginning: &str) -> Option<String> {
        find_images(&folder.join(beginning))
            .unwrap()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    #[test]
    fn usual_names() {
        let usual = folder(&[
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte",
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "notes.txt",
        ]);
        let root = usual.path();
        assert_eq!(found(root, "").unwrap(), "train-images-idx3-ubyte");
        assert_eq!(found(root, "train").unwrap(), "train-images-idx3-ubyte");
        assert_eq!(found(root, "t10k").unwrap(), "t10k-images-idx3-ubyte.gz");
        assert_eq!(found(root, "t1"), None);
        assert_eq!(found(root, "absent/t10k"), None);
        assert_eq!(
            find_labels(&root.join("train-images-idx3-ubyte")),
            Some(root.join("train-labels-idx1-ubyte.gz"))
        );
        assert_eq!(find_labels(&root.join("notes.txt")), None);
    }

    #[test]
    fn dots_and_longer_names() {
        let dotted = folder(&["t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"]);
        let images = find_images(dotted.path()).unwrap().unwrap();
        assert_eq!(find_labels(&images), Some(dotted.path().join("t10k-labels.idx1-ubyte")));
        let long = folder(&[
            "emnist-letters-test-images-idx3-ubyte",
            "emnist-letters-train-images-idx3-ubyte",
        ]);
        assert_eq!(found(long.path(), "").unwrap(), "emnist-letters-train-images-idx3-ubyte");
    }

    #[test]
    fn several_are_named() {
        let several = folder(&["a-images-idx3-ubyte", "b-images-idx3-ubyte"]);
        let say = find_images(several.path()).unwrap_err().to_string();
        assert!(say.ends_with("holds several files of IDX images (a-images-idx3-ubyte, b-images-idx3-ubyte): name one of them"));
    }
}
