//! A folder for readers that open files, in memory where the system has such a place.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

/// Lends a folder that only this reader of this process uses, on one thread at a time.
///
/// # Panics
/// Where no temporary folder can be made or written.
pub(crate) struct Workplace(LazyLock<TempDir>);

impl Workplace {
    pub(crate) const fn new() -> Self {
        Self(LazyLock::new(|| {
            let memory = Path::new("/dev/shm");
            let made =
                if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
            made.expect("a temporary folder")
        }))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, over the last one of that name.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder().join(name);
        if let (true, Some(folder)) = (name.contains('/'), path.parent()) {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(path, bytes).expect("a file");
    }
}
