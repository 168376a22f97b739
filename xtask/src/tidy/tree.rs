//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use walkdir::WalkDir;

/// Every file by its path with `/` from the root; those that are not UTF-8 have no text.
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the files that git tracks, or without git all but build products and hidden folders.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let paths = match tracked(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            let full = root.join(&path);
            // Git lists files that were deleted but not yet committed as such.
            if full.is_file() {
                let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
                files.insert(path, String::from_utf8(bytes).ok());
            }
        }
        Ok(Self { files })
    }

    /// A tree of samples.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self { files: files.collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is a file or folder of that path.
    pub(super) fn contains(&self, path: &str) -> bool {
        let below = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(below.clone()..)
                .next()
                .is_some_and(|(found, _)| found.starts_with(&below))
    }

    /// The text of a file, if there is one.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Path and text of all text files, sorted.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Path and text of all files whose path ends in `ending`.
    pub(super) fn ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.ends_with(ending))
    }

    /// The crate, path and text of the sources of all library and binary crates (`crates/*/src`).
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.ending(".rs").filter_map(|(path, text)| {
            let (name, rest) = path.strip_prefix("crates/")?.split_once('/')?;
            rest.starts_with("src/").then_some((name, path, text))
        })
    }
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let listing = Command::new("git").arg("-C").arg(root).args(["ls-files", "-z"]).output().ok()?;
    if !listing.status.success() {
        return None;
    }
    let listing = String::from_utf8(listing.stdout).ok()?;
    let paths: Vec<String> = listing.split_terminator('\0').map(str::to_owned).collect();
    // An archive unpacked inside another repository is tracked by none.
    (!paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> Result<Vec<String>> {
    let skipped = ["target", ".git", "runs"];
    let entries = WalkDir::new(root).into_iter().filter_entry(|entry| {
        !(entry.file_type().is_dir() && skipped.iter().any(|name| entry.file_name() == *name))
    });
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(root)?;
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            paths.push(parts.join("/"));
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_contained_by_their_files() {
        let tree = Tree::of(&[("a-b/c.md", ""), ("a/b/c.md", "")]);
        assert!(tree.contains("a/b") && tree.contains("a/b/c.md") && tree.contains("a"));
        assert!(!tree.contains("a/c") && !tree.contains("a/b/c") && !tree.contains("b"));
    }

    #[test]
    fn files_are_found_with_and_without_git() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let walked = walked(root).unwrap();
        assert!(walked.iter().any(|path| path == "xtask/src/tidy/tree.rs"));
        assert!(!walked.iter().any(|path| path.starts_with("target/")));
        assert!(Tree::read(root).unwrap().contains("xtask/Cargo.toml"));
    }
}
