//! No Rust file is longer than a reader keeps in mind.

use super::{Finding, Tree};

const MOST: usize = 400;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST)
        .map(|(path, lines)| {
            Finding::new(
                path,
                MOST + 1,
                format!("the file has {lines} lines: split it, at most {MOST} are allowed"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found() {
        let (good, bad) = ("\n".repeat(400), "\n".repeat(401));
        let findings = check(&Tree::of(&[("good.rs", &good), ("bad.rs", &bad), ("bad.md", &bad)]));
        assert_eq!(
            findings,
            [Finding::new(
                "bad.rs",
                401,
                "the file has 401 lines: split it, at most 400 are allowed"
            )]
        );
    }
}
