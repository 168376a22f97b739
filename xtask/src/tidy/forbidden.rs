//! `unsafe` occurs only in `kernels`.

use super::{Finding, Tree, rust};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .filter(|(path, _)| !path.starts_with("crates/kernels/"))
        .flat_map(|(path, text)| {
            rust::occurrences(&rust::tokens(text), &["unsafe"]).into_iter().map(move |line| {
                Finding::new(path, line, "`unsafe` is allowed only in crates/kernels")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_outside_kernels_is_found() {
        let tree = Tree::of(&[
            ("crates/kernels/src/a.rs", "fn f() { unsafe { g() } }"),
            ("crates/nn/src/good.rs", "// unsafe\n#![deny(unsafe_code)]\nfn f() { g(\"unsafe\") }"),
            ("crates/nn/tests/bad.rs", "fn f() {}\nunsafe impl Send for X {}\n"),
        ]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].path.as_str(), findings[0].line), ("crates/nn/tests/bad.rs", 2));
    }
}
