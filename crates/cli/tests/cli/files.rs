//! Folders as values that can be compared, and pages that stand alone.

use std::collections::BTreeMap;
use std::path::Path;

/// All files below `folder`: path from it and bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, bytes) in contents(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
}

/// Fails where `page` would load anything. Every needle holds a character that base64 lacks: pictures, whose bytes change
/// from run to run, cannot spell it.
pub(crate) fn refers_to_nothing_outside(page: &str) {
    for external in ["http:", "https:", "src=\"//", "@import", "<script"] {
        assert!(!page.contains(external), "{external}");
    }
}
