//! Crates depend on each other only as ARCHITECTURE.md draws it.
//!
//! The drawing is the rule: the first code block under "Crates" has one line per crate, its name and,
//! after an arrow, what it may depend on. A line that says "no tensor library" bars Burn, or allows
//! it as an optional dependency if the line goes on about a "feature". Tests may depend on anything.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::{Finding, Tree};

const DRAWING: &str = "ARCHITECTURE.md";

/// What the drawing says of one crate.
struct Rule {
    /// `None`: everything.
    may: Option<BTreeSet<String>>,
    burn: Burn,
}

#[derive(PartialEq)]
enum Burn {
    Allowed,
    Optional,
    Barred,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests: Vec<_> = tree
        .ending("/Cargo.toml")
        .filter_map(|(path, text)| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            (!name.contains('/')).then_some((name, path, text))
        })
        .collect();
    if manifests.is_empty() {
        return Vec::new();
    }
    let rules = drawing(tree.text(DRAWING).unwrap_or_default());
    let mut findings = Vec::new();
    for (name, path, text) in manifests {
        let Some(rule) = rules.get(name) else {
            findings.push(Finding::new(
                DRAWING,
                1,
                format!("the drawing of the crates lacks `{name}`"),
            ));
            continue;
        };
        for (dependency, optional) in dependencies(text) {
            let line = 1 + text.lines().position(|line| line.starts_with(&dependency)).unwrap_or(0);
            if let Some(other) = dependency.strip_prefix("langevin-") {
                if rule.may.as_ref().is_some_and(|may| !may.contains(other)) {
                    findings.push(Finding::new(
                        path,
                        line,
                        format!("`{name}` may not depend on `{other}`"),
                    ));
                }
            } else if dependency == "burn" || dependency.starts_with("burn-") {
                match rule.burn {
                    Burn::Barred => findings.push(Finding::new(
                        path,
                        line,
                        format!("`{name}` may not depend on a tensor library, and {dependency} is one"),
                    )),
                    Burn::Optional if !optional => findings.push(Finding::new(
                        path,
                        line,
                        format!("`{name}` may depend on a tensor library only optionally, and {dependency} is one"),
                    )),
                    _ => {}
                }
            }
        }
    }
    findings
}

/// The rules in the first code block of the section "Crates".
fn drawing(text: &str) -> BTreeMap<String, Rule> {
    let lines = text.lines().skip_while(|line| line.trim() != "## Crates");
    let block = lines
        .skip_while(|line| !line.starts_with("```"))
        .skip(1)
        .take_while(|line| !line.starts_with("```"));
    block
        .filter_map(|line| {
            let name: String =
                line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if name.is_empty() {
                return None;
            }
            let may = match line.split_once('►') {
                Some((_, targets)) if targets.trim().starts_with("everything") => None,
                Some((_, targets)) => Some(targets_of(targets)),
                None => Some(BTreeSet::new()),
            };
            let burn = match line.split_once("no tensor library") {
                None => Burn::Allowed,
                Some((_, rest)) if rest.contains("feature") => Burn::Optional,
                Some(_) => Burn::Barred,
            };
            Some((name, Rule { may, burn }))
        })
        .collect()
}

/// `core(+burn), nn (a remark)` as the names before the brackets.
fn targets_of(text: &str) -> BTreeSet<String> {
    let mut depth = 0;
    let plain: String = text
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '(');
            let outside = depth == 0;
            depth -= i32::from(*c == ')');
            outside
        })
        .collect();
    plain.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The names of all dependencies but those for tests, and whether each is optional.
fn dependencies(manifest: &str) -> Vec<(String, bool)> {
    let Ok(manifest) = manifest.parse::<Table>() else { return Vec::new() };
    let mut tables = vec![&manifest];
    if let Some(targets) = manifest.get("target").and_then(|targets| targets.as_table()) {
        tables.extend(targets.values().filter_map(|target| target.as_table()));
    }
    tables
        .into_iter()
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)))
        .filter_map(|dependencies| dependencies?.as_table())
        .flatten()
        .map(|(name, value)| {
            let optional = value.get("optional").and_then(|optional| optional.as_bool());
            (name.clone(), optional.unwrap_or(false))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = "# A\n```\nx ► y\n```\n## Crates\n\nArrows:\n\n```\n\
        cli ──► everything below\n\
        models ► core(+burn), nn\n\
        nn ────► kernels (never core: no network knows, say, a schedule)\n\
        kernels  burn; the only crate with `unsafe`\n\
        weights  no tensor library: files\n\
        core     no tensor library; its feature `burn` implements `State`\n```\n";

    fn findings(manifests: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<_> =
            manifests.iter().map(|(name, _)| format!("crates/{name}/Cargo.toml")).collect();
        let mut files: Vec<_> =
            paths.iter().zip(manifests).map(|(path, (_, text))| (path.as_str(), *text)).collect();
        files.push((DRAWING, ARCHITECTURE));
        check(&Tree::of(&files))
            .into_iter()
            .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.sentence))
            .collect()
    }

    #[test]
    fn drawn_edges_are_allowed() {
        let good = [
            ("cli", "[dependencies]\nlangevin-core = {}\nlangevin-nn = {}\nburn = {}\n"),
            (
                "core",
                "[features]\nburn = []\n[dependencies]\nburn = { workspace = true, optional = true }\n",
            ),
            ("kernels", "[dependencies]\nburn = {}\n"),
            (
                "models",
                "[dependencies]\nlangevin-core = { features = [\"burn\"] }\nlangevin-nn = {}\nburn = {}\n",
            ),
            (
                "nn",
                "[dependencies]\nlangevin-kernels = {}\nburn = {}\n[dev-dependencies]\nlangevin-core = {}\n",
            ),
            ("weights", "[dependencies]\nserde = \"1\"\n"),
        ];
        assert!(findings(&good).is_empty());
    }

    #[test]
    fn other_edges_are_found() {
        let bad = [
            ("core", "[dependencies]\nburn = {}\n"),
            ("kernels", "[target.'cfg(unix)'.dependencies]\nlangevin-nn = {}\n"),
            ("nn", "[dependencies]\nlangevin-kernels = {}\nlangevin-core = {}\n"),
            ("plots", "[dependencies]\n"),
            ("weights", "[build-dependencies]\nburn-flex = \"1\"\n"),
        ];
        assert_eq!(
            findings(&bad),
            [
                "crates/core/Cargo.toml:2: `core` may depend on a tensor library only optionally, and burn is one",
                "crates/kernels/Cargo.toml:2: `kernels` may not depend on `nn`",
                "crates/nn/Cargo.toml:3: `nn` may not depend on `core`",
                "ARCHITECTURE.md:1: the drawing of the crates lacks `plots`",
                "crates/weights/Cargo.toml:2: `weights` may not depend on a tensor library, and burn-flex is one",
            ]
        );
    }
}
