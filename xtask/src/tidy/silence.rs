//! Libraries neither print nor read environment variables.

use super::{Finding, Tree, rust};

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
const ENVIRONMENT: [&str; 6] = ["var", "vars", "var_os", "vars_os", "set_var", "remove_var"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, path, text) in tree.sources().filter(|(name, _, _)| *name != "cli") {
        let tokens = rust::tokens(text);
        for word in PRINTING {
            findings.extend(rust::occurrences(&tokens, &[word, "!"]).into_iter().map(|line| {
                Finding::new(path, line, format!("a library does not print, and `{word}!` does"))
            }));
        }
        for word in ENVIRONMENT {
            findings.extend(rust::occurrences(&tokens, &["env", ":", ":", word]).into_iter().map(
                |line| {
                    Finding::new(
                        path,
                        line,
                        format!("a library is told its settings: `env::{word}` belongs in the CLI"),
                    )
                },
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_and_reading_the_environment_are_found() {
        let bad = "fn f() {\n    println!(\"x\");\n    let _ = std::env::var(\"X\");\n}";
        let tree = Tree::of(&[
            (
                "crates/core/src/good.rs",
                "/// println!(\"x\")\nfn f() { let _ = (env!(\"X\"), format!(\"println!\")); }",
            ),
            ("crates/core/src/bad.rs", bad),
            ("crates/core/tests/allowed.rs", bad),
            ("crates/cli/src/allowed.rs", bad),
            ("xtask/src/allowed.rs", bad),
        ]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
        assert_eq!(
            found,
            [("crates/core/src/bad.rs".to_owned(), 2), ("crates/core/src/bad.rs".to_owned(), 3)]
        );
    }
}
