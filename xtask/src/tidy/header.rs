//! Every Rust file opens with `//!`, saying what it is.

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .filter(|(_, text)| {
            let header = text.lines().next().and_then(|line| line.strip_prefix("//!"));
            header.is_none_or(|words| words.trim().is_empty())
        })
        .map(|(path, _)| Finding::new(path, 1, "the file does not open with `//!` and what it is"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_header_are_found() {
        let tree = Tree::of(&[
            ("good.rs", "//! What it is.\n"),
            ("empty.rs", ""),
            ("blank.rs", "//!\n"),
            ("late.rs", "use std::fs;\n//! Too late.\n"),
            ("note.md", "# No Rust\n"),
        ]);
        let paths: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["blank.rs", "empty.rs", "late.rs"]);
    }
}
