//! Files of this repository to start from: the recorded folders of `tests/golden`, and the committed hostile files.

use std::fs;
use std::path::{Path, PathBuf};

/// Seeds longer than this only make every run slow.
const LONGEST: u64 = 16 << 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The committed hostile files of a target, by name.
pub fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(root().join("fuzz/corpus").join(target)).into_iter().flatten().flatten()
    {
        if let Ok(bytes) = fs::read(entry.path()) {
            found.push((entry.file_name().to_string_lossy().into_owned(), bytes));
        }
    }
    found.sort();
    found
}

/// The contents of all recorded files with one of these names, sorted and each once.
pub(crate) fn recorded(names: &[&str]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    collect(&root().join("tests/golden"), names, &mut found);
    found.sort();
    found.dedup();
    found
}

/// The contents of all files of a folder of this repository.
pub(crate) fn folder(path: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(root().join(path)).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|entry| fs::read(entry.path()).ok()).collect();
    found.sort();
    found
}

fn collect(folder: &Path, names: &[&str], found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, names, found);
        } else if names.iter().any(|name| entry.file_name() == *name)
            && entry.metadata().is_ok_and(|file| file.len() <= LONGEST)
        {
            found.extend(fs::read(&path).ok());
        }
    }
}
