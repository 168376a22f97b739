//! No function takes more than one `bool`: at the call, nobody knows which is which.

use syn::visit::{self, Visit};
use syn::{FnArg, Signature, Type};

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".rs") {
        // What does not parse is reported by the compiler.
        if let Ok(file) = syn::parse_file(text) {
            Signatures { path, findings: &mut findings }.visit_file(&file);
        }
    }
    findings
}

struct Signatures<'a> {
    path: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl<'ast> Visit<'ast> for Signatures<'_> {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let bools = signature.inputs.iter().filter(|input| is_bool(input)).count();
        if bools > 1 {
            self.findings.push(Finding::new(
                self.path,
                signature.ident.span().start().line,
                format!(
                    "`{}` takes {bools} parameters of type `bool`: make an enum of them",
                    signature.ident
                ),
            ));
        }
        visit::visit_signature(self, signature);
    }
}

fn is_bool(input: &FnArg) -> bool {
    match input {
        FnArg::Typed(argument) => {
            matches!(&*argument.ty, Type::Path(path) if path.path.is_ident("bool"))
        }
        FnArg::Receiver(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_two_bools_are_found() {
        let good = "fn f(a: bool, b: &[bool], c: Option<bool>) -> bool { a }";
        let bad = "trait T {\n    fn f(&self, a: bool, b: u8, c: bool);\n}\nmod m {\n    fn g() {\n        fn h(a: bool, b: bool) {}\n    }\n}";
        let found: Vec<_> = check(&Tree::of(&[("good.rs", good), ("bad.rs", bad)]))
            .into_iter()
            .map(|finding| (finding.path, finding.line))
            .collect();
        assert_eq!(found, [("bad.rs".to_owned(), 2), ("bad.rs".to_owned(), 6)]);
    }
}
