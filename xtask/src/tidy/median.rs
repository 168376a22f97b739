//! Half of the crates' source files are short.

use super::{Finding, Tree};

const MOST: usize = 120;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    match median(tree) {
        Some(lines) if lines > MOST => vec![Finding::new(
            "crates",
            1,
            format!("half of the source files have more than {MOST} lines, the middle one {lines}"),
        )],
        _ => Vec::new(),
    }
}

/// The median number of lines over `crates/*/src`; the lower of two middle ones.
pub(super) fn median(tree: &Tree) -> Option<usize> {
    let mut lines: Vec<usize> = tree.sources().map(|(_, _, text)| text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_file_decides() {
        let texts = [10, 121, 300].map(|lines| "\n".repeat(lines));
        let files = ["crates/core/src/a.rs", "crates/core/src/b/c.rs", "crates/nn/src/d.rs"];
        let all: Vec<_> =
            files.iter().zip(&texts).map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(median(&Tree::of(&all)), Some(121));
        assert_eq!(check(&Tree::of(&all)).len(), 1);
        assert_eq!(check(&Tree::of(&all[..2])), []);
        assert_eq!(median(&Tree::of(&[("crates/core/tests/a.rs", "")])), None);
    }
}
