//! What a prediction or a schedule means is said in one place: nothing else takes them apart.
//!
//! Found are patterns (of `match`, `if let`, `let … else`, closures and `matches!`) that name a
//! variant as `Prediction::…` or `AnySchedule::…`.

use syn::visit::{self, Visit};
use syn::{Macro, Pat, Path};

use super::{Finding, Tree, rust};

/// The enum, and the file or folder that is its own.
const OWNED: [(&str, &str); 2] = [("Prediction", "prediction"), ("AnySchedule", "schedule")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, path, text) in tree.sources() {
        if let Ok(file) = syn::parse_file(text) {
            Patterns { path, findings: &mut findings }.visit_file(&file);
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

struct Patterns<'a> {
    path: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl Patterns<'_> {
    fn found(&mut self, owner: &str, line: usize) {
        let at_home = |home| self.path.split('/').any(|part| part.trim_end_matches(".rs") == home);
        let foreign = OWNED.iter().any(|(name, home)| *name == owner && !at_home(*home));
        if foreign {
            self.findings.push(Finding::new(
                self.path,
                line,
                format!(
                    "`{owner}` is taken apart here: ask it with a method, and match in its own file"
                ),
            ));
        }
    }

    fn path(&mut self, path: &Path) {
        let mut segments = path.segments.iter().rev().skip(1);
        if let Some(owner) = segments.next() {
            self.found(&owner.ident.to_string(), owner.ident.span().start().line);
        }
    }
}

impl<'ast> Visit<'ast> for Patterns<'_> {
    fn visit_pat(&mut self, pattern: &'ast Pat) {
        match pattern {
            Pat::Path(pattern) => self.path(&pattern.path),
            Pat::TupleStruct(pattern) => self.path(&pattern.path),
            Pat::Struct(pattern) => self.path(&pattern.path),
            _ => {}
        }
        visit::visit_pat(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if call.path.is_ident("matches") {
            let tokens = rust::tokens(&call.tokens.to_string());
            let line = call.path.segments[0].ident.span().start().line;
            for (owner, _) in OWNED {
                if !rust::occurrences(&tokens, &[owner, ":", ":"]).is_empty() {
                    self.found(owner, line);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_away_from_home_are_found() {
        let bad = "fn f(p: Prediction) {\n    match p {\n        Prediction::V => 1,\n        crate::Prediction::Edm { .. } => 2,\n        _ => 3,\n    };\n    if let AnySchedule::Ddpm(_) = s {}\n    let _ = matches!(p, Prediction::Noise);\n}";
        let good = "fn f() -> Prediction { let x = [Prediction::V]; match 1 { 1 => Prediction::Noise, _ => g(AnySchedule::Edm) } }";
        let tree = Tree::of(&[
            ("crates/models/src/bad.rs", bad),
            ("crates/models/src/good.rs", good),
            (
                "crates/core/src/prediction.rs",
                "fn f(p: Prediction) { match p { Prediction::V => {} } }",
            ),
            ("crates/models/src/scheduler.rs", "fn f() { match s { AnySchedule::Edm => {} } }"),
            ("crates/core/src/schedule/mod.rs", "fn f() { match s { AnySchedule::Edm => {} } }"),
        ]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
        let mut expected =
            [3, 4, 7, 8].map(|line| ("crates/models/src/bad.rs".to_owned(), line)).to_vec();
        expected.push(("crates/models/src/scheduler.rs".to_owned(), 1));
        assert_eq!(found, expected);
    }
}
