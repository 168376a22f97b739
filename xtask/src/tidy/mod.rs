//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that can be checked by reading.
//!
//! Each check is a function from the repository's files to findings. A finding that is right but
//! justified is listed, with its reason, in `xtask/tidy-exceptions.txt`.

mod bools;
mod edge;
mod exceptions;
mod forbidden;
mod header;
mod length;
mod link;
mod matching;
mod median;
mod name;
mod place;
mod rust;
mod silence;
mod translation;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use tree::Tree;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1.
    line: usize,
    sentence: String,
}

impl Finding {
    fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

/// What breaks one rule in the files of a repository.
type Check = fn(&Tree) -> Vec<Finding>;

/// The checks by the name that exceptions use.
const CHECKS: [(&str, Check); 12] = [
    ("header", header::check),
    ("name", name::check),
    ("length", length::check),
    ("median", median::check),
    ("edge", edge::check),
    ("unsafe", forbidden::check),
    ("silence", silence::check),
    ("bools", bools::check),
    ("match", matching::check),
    ("place", place::check),
    ("link", link::check),
    ("translation", translation::check),
];

/// Runs all checks on the files below `root`, prints the findings, and tells whether there are none.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let tree = Tree::read(root)?;
    let findings = check_all(&tree);
    for Finding { path, line, sentence } in &findings {
        println!("{path}:{line}: {sentence}");
    }
    let files = tree.len();
    if let Some(median) = median::median(&tree) {
        println!("tidy: half of the library files have at most {median} lines");
    }
    if findings.is_empty() {
        println!("tidy: {files} files, no findings");
        return Ok(ExitCode::SUCCESS);
    }
    println!("tidy: {files} files, {} findings", findings.len());
    Ok(ExitCode::FAILURE)
}

fn check_all(tree: &Tree) -> Vec<Finding> {
    let (exceptions, mut findings) = exceptions::parse(tree);
    let mut used = vec![false; exceptions.len()];
    for (check, run) in CHECKS {
        for finding in run(tree) {
            match exceptions.iter().position(|e| e.check == check && e.path == finding.path) {
                Some(number) => used[number] = true,
                None => findings.push(finding),
            }
        }
    }
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        findings.push(Finding::new(
            exceptions::PATH,
            exception.line,
            format!("the check `{}` has nothing to except in {}", exception.check, exception.path),
        ));
    }
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_silence_their_finding_and_only_that() {
        let long = format!("//! Long.\n{}", "\n".repeat(500));
        let tree = |exceptions: &str| {
            Tree::of(&[("crates/core/src/a.rs", &long), ("xtask/tidy-exceptions.txt", exceptions)])
        };
        assert_eq!(check_all(&tree("# none\n")).len(), 2, "length and median");
        let excepted = "length crates/core/src/a.rs: a table.\nmedian crates: one file only.\n";
        assert_eq!(check_all(&tree(excepted)), []);
        let stale = format!("{excepted}header crates/core/src/a.rs: no reason.\n");
        assert_eq!(
            check_all(&tree(&stale)),
            [Finding::new(
                exceptions::PATH,
                3,
                "the check `header` has nothing to except in crates/core/src/a.rs"
            )]
        );
    }
}
