//! No Rust file or folder has a name that says nothing.

use super::{Finding, Tree};

const FORBIDDEN: [&str; 8] =
    ["utils", "util", "common", "base", "helpers", "helper", "manager", "misc"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .filter_map(|(path, _)| {
            let word =
                path.trim_end_matches(".rs").split('/').find(|part| FORBIDDEN.contains(part))?;
            Some(Finding::new(
                path,
                1,
                format!("`{word}` does not say what is in it: name it after its content"),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_of_empty_names_are_found() {
        let tree = Tree::of(&[
            ("crates/core/src/level.rs", ""),
            ("crates/core/src/baseline.rs", ""),
            ("crates/core/src/utils.rs", ""),
            ("crates/core/tests/common/mod.rs", ""),
        ]);
        let paths: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/core/src/utils.rs", "crates/core/tests/common/mod.rs"]);
    }
}
