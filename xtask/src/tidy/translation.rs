//! A page and its translation (`NAME.md` and `NAME.zh-CN.md`) have the same headings and the same code.

use super::link::prose;
use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if tree.contains("README.md") && !tree.contains("README.zh-CN.md") {
        findings.push(Finding::new("README.md", 1, "README.zh-CN.md is missing"));
    }
    for (path, translation) in tree.ending(".zh-CN.md") {
        let original_path = path.replace(".zh-CN.md", ".md");
        match tree.text(&original_path) {
            Some(original) => findings.extend(compare(path, translation, &original_path, original)),
            None => findings.push(Finding::new(path, 1, format!("{original_path} is missing"))),
        }
    }
    findings
}

fn compare(path: &str, translation: &str, original_path: &str, original: &str) -> Option<Finding> {
    let (ours, theirs) = (levels(translation), levels(original));
    if ours.iter().map(|(_, level)| level).ne(theirs.iter().map(|(_, level)| level)) {
        let at = ours.iter().zip(&theirs).take_while(|((_, a), (_, b))| a == b).count();
        let line = ours.get(at).map_or(translation.lines().count(), |(line, _)| *line);
        return Some(Finding::new(
            path,
            line.max(1),
            format!(
                "the headings differ from here on from those of {original_path}: {} and {}",
                ours.len(),
                theirs.len()
            ),
        ));
    }
    let (ours, theirs) = (code(translation), code(original));
    if ours.len() != theirs.len() {
        let sentence = format!(
            "there are {} lines of code, but {} in {original_path}",
            ours.len(),
            theirs.len()
        );
        return Some(Finding::new(path, 1, sentence));
    }
    let differing = ours.iter().zip(&theirs).find(|((_, a), (_, b))| a != b)?;
    let ((line, _), (other, _)) = differing;
    Some(Finding::new(path, *line, format!("the code differs from {original_path}:{other}")))
}

/// Line and level of each heading.
fn levels(text: &str) -> Vec<(usize, usize)> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(number, line)| (number, line.chars().take_while(|c| *c == '#').count()))
        .collect()
}

/// The lines of all code blocks with their fences, numbered.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut prose = prose(text).map(|(number, _)| number).peekable();
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line))
        .filter(|(number, _)| prose.next_if_eq(number).is_none())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(original: &str, translation: &str) -> Option<(usize, String)> {
        let tree = Tree::of(&[("README.md", original), ("README.zh-CN.md", translation)]);
        check(&tree).pop().map(|finding| (finding.line, finding.sentence))
    }

    const ORIGINAL: &str = "# A\n\n```sh\n# comment\ncargo run\n```\n\n## B\n\ntext\n";

    #[test]
    fn faithful_translations_pass() {
        assert_eq!(
            finding(ORIGINAL, "# 甲\n\n多一行\n\n```sh\n# comment\ncargo run\n```\n## 乙\n"),
            None
        );
    }

    #[test]
    fn missing_headings_and_changed_code_are_found() {
        let sentence = "the headings differ from here on from those of README.md: 1 and 2";
        assert_eq!(
            finding(ORIGINAL, "# 甲\n\n```sh\n# comment\ncargo run\n```\n"),
            Some((6, sentence.to_owned()))
        );
        assert_eq!(
            finding(ORIGINAL, "# 甲\n```sh\n# comment\ncargo build\n```\n## 乙\n"),
            Some((4, "the code differs from README.md:5".to_owned()))
        );
        let sentence = "there are 3 lines of code, but 4 in README.md";
        assert_eq!(
            finding(ORIGINAL, "# 甲\n```sh\ncargo run\n```\n## 乙\n"),
            Some((1, sentence.to_owned()))
        );
    }

    #[test]
    fn missing_pages_are_found() {
        let missing =
            |path: &str| check(&Tree::of(&[(path, "# A\n")])).pop().map(|finding| finding.sentence);
        assert_eq!(missing("README.md").as_deref(), Some("README.zh-CN.md is missing"));
        assert_eq!(missing("docs/a.zh-CN.md").as_deref(), Some("docs/a.md is missing"));
        assert_eq!(missing("docs/a.md"), None);
    }
}
