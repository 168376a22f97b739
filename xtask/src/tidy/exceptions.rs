//! `xtask/tidy-exceptions.txt`: lines of `CHECK PATH: REASON`, and comments after `#`.

use super::{CHECKS, Finding, Tree};

pub(super) const PATH: &str = "xtask/tidy-exceptions.txt";

/// A finding of `check` in `path` that is justified.
pub(super) struct Exception {
    pub(super) check: String,
    pub(super) path: String,
    pub(super) line: usize,
}

/// The exceptions, and findings about lines that are none.
pub(super) fn parse(tree: &Tree) -> (Vec<Exception>, Vec<Finding>) {
    let (mut exceptions, mut findings) = (Vec::new(), Vec::new());
    for (number, line) in tree.text(PATH).unwrap_or_default().lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts = line.split_once(": ").and_then(|(head, _)| head.split_once(' '));
        match parts.filter(|(check, _)| CHECKS.iter().any(|(name, _)| name == check)) {
            Some((check, path)) => exceptions.push(Exception {
                check: check.to_owned(),
                path: path.to_owned(),
                line: number + 1,
            }),
            None => findings.push(Finding::new(
                PATH,
                number + 1,
                format!("expected `CHECK PATH: REASON` with a known check, found `{line}`"),
            )),
        }
    }
    (exceptions, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_a_known_check_or_a_reason_are_found() {
        let text = "# comment\n\nlength a.rs: because.\nlength b.rs\nlenght c.rs: because.\n";
        let (exceptions, findings) = parse(&Tree::of(&[(PATH, text)]));
        assert_eq!(exceptions.len(), 1);
        assert_eq!((exceptions[0].check.as_str(), exceptions[0].path.as_str()), ("length", "a.rs"));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [4, 5]);
    }
}
