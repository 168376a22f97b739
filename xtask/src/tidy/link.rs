//! Relative links in Markdown lead to a file of the repository, and to a heading of it.

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".md") {
        for (line, target) in links(text) {
            if let Some(fault) = fault(tree, path, target) {
                findings.push(Finding::new(path, line, fault));
            }
        }
    }
    findings
}

/// What is wrong with a link from `path` to `target`.
fn fault(tree: &Tree, path: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = match file {
        "" => path.to_owned(),
        file => match resolve(path, &file.replace("%20", " ")) {
            Some(resolved) => resolved,
            None => return Some(format!("the link `{target}` leads out of the repository")),
        },
    };
    if !tree.contains(&file) {
        return Some(format!("the link `{target}` leads to {file}, which does not exist"));
    }
    let text = tree.text(&file).filter(|_| file.ends_with(".md") && !anchor.is_empty())?;
    let marked = text.contains(&format!("id=\"{anchor}\""));
    (!marked && !anchors(text).iter().any(|known| known == anchor))
        .then(|| format!("the link `{target}` leads to no heading of {file}"))
}

/// The path that `target` means in the folder of `from`, unless it leads out of the root.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => from.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines outside code blocks, numbered from 1.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((number + 1, line)),
            _ => {}
        }
        None
    })
}

/// The targets of `[text](target)`, `[name]: target`, `src="target"` and `href="target"`.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        // Every second piece between backticks is code.
        for piece in line.split('`').step_by(2) {
            for (start, end) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
                for (at, mark) in piece.match_indices(start) {
                    let rest = &piece[at + mark.len()..];
                    if let Some(end) = rest.find(end) {
                        found.push((number, rest[..end].split(' ').next().unwrap_or_default()));
                    }
                }
            }
        }
        let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        if let Some((_, target)) = definition.filter(|(name, _)| !name.contains(']')) {
            found.push((number, target.split(' ').next().unwrap_or_default()));
        }
    }
    found.into_iter().map(|(number, target)| (number, target.trim_matches(['<', '>']))).collect()
}

/// The anchors that GitHub gives to the headings of a text.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) else {
            continue;
        };
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let repeats = anchors.iter().filter(|known| **known == slug).count();
        anchors.push(if repeats == 0 { slug } else { format!("{slug}-{repeats}") });
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "# One two\n\
            [a](docs/b.md) ![b](docs/p.png \"title\") [c](docs) [d](docs/b.md#the-head--x) [e](#one-two)\n\
            [web](https://example.org/x) `[code](nowhere.md)`\n\
            ```\n[code](nowhere.md)\n```\n\
            [f](docs/c.md)\n\
            [g](docs/b.md#tail) [h](../x.md)\n\
            <img src=\"docs/q.png\">\n\
            [i]: docs/d.md\n";
        let tree = Tree::of(&[
            ("README.md", text),
            ("docs/b.md", "## The `head` & x\n[up](../README.md)\n"),
            ("docs/p.png", ""),
        ]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|finding| (finding.line, finding.sentence)).collect();
        let expected = [
            (7, "the link `docs/c.md` leads to docs/c.md, which does not exist"),
            (8, "the link `docs/b.md#tail` leads to no heading of docs/b.md"),
            (8, "the link `../x.md` leads out of the repository"),
            (9, "the link `docs/q.png` leads to docs/q.png, which does not exist"),
            (10, "the link `docs/d.md` leads to docs/d.md, which does not exist"),
        ];
        assert_eq!(found, expected.map(|(line, sentence)| (line, sentence.to_owned())));
    }

    #[test]
    fn headings_get_the_anchors_of_github() {
        let text = "# Über uns\n## A, b & c\n## A, b & c\n# 快速开始\n";
        assert_eq!(anchors(text), ["über-uns", "a-b--c", "a-b--c-1", "快速开始"]);
    }
}
