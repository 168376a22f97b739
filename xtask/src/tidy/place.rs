//! No file names a place that only one machine or one network has.
//!
//! Found are absolute paths into home and work folders, hosts that only a private network resolves,
//! and settings that make Cargo or pip fetch from elsewhere than their public registries.

use super::{Finding, Tree};

/// Folders at the root of a machine that are somebody's own.
const FOLDERS: [&str; 4] = ["root", "home", "Users", "work"];

/// Endings of names that only private networks resolve.
const PRIVATE: [&str; 5] = [".internal", ".corp", ".lan", ".intranet", ".localdomain"];

/// The only source that a lock file may name.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        for (number, line) in text.lines().enumerate() {
            let mut found =
                |sentence: String| findings.push(Finding::new(path, number + 1, sentence));
            if let Some(folder) = machine_path(line) {
                found(format!("`{folder}` is a path of one machine"));
            }
            if let Some(host) = private_host(line) {
                found(format!("`{host}` is a host of one network"));
            }
            if let Some(setting) = foreign_registry(path, line) {
                found(format!(
                    "`{setting}` makes a tool fetch from elsewhere than its public registry"
                ));
            }
        }
    }
    findings
}

/// An absolute path below one of [`FOLDERS`], which must not be the tail of a longer path or address.
fn machine_path(line: &str) -> Option<String> {
    FOLDERS.iter().map(|folder| format!("/{folder}/")).find(|folder| {
        line.match_indices(folder.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + folder.len()..].chars().next();
            let starts = before.is_none_or(|c| !c.is_alphanumeric() && !"._-~/}{)>*".contains(c));
            starts && after.is_some_and(|c| c.is_alphanumeric() || "._".contains(c))
        })
    })
}

/// The host of an address in `line` that is a private name or an IP address other than this machine's.
fn private_host(line: &str) -> Option<&str> {
    line.match_indices("://").find_map(|(at, separator)| {
        let rest = &line[at + separator.len()..];
        let end =
            rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '-').unwrap_or(rest.len());
        let host = &rest[..end];
        let numeric =
            host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
        let own = host == "127.0.0.1" || host == "0.0.0.0";
        ((numeric && !own) || PRIVATE.iter().any(|ending| host.ends_with(ending))).then_some(host)
    })
}

/// A setting of Cargo or pip that replaces its registry.
fn foreign_registry<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    let setting = line.trim();
    let name = path.rsplit('/').next().unwrap_or(path);
    let foreign = match name {
        "Cargo.lock" => setting.starts_with("source = ") && !setting.contains(CRATES_IO),
        "Cargo.toml" => setting.contains("registry = ") || setting.contains("registry-index = "),
        "config.toml" | "config" if path.contains(".cargo/") => {
            ["[source", "[registries", "[registry", "replace-with"]
                .iter()
                .any(|key| setting.starts_with(key))
        }
        _ => ["--index-url", "--extra-index-url", "index-url =", "PIP_INDEX_URL"]
            .iter()
            .any(|key| setting.contains(key) && !path.ends_with("tidy/place.rs")),
    };
    foreign.then_some(setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    // The samples are put together here so that this file does not contain what it looks for.
    fn at_root(folder: &str, rest: &str) -> String {
        format!("see {}{folder}/{rest}", '/')
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in FOLDERS {
            assert_eq!(lines("a.md", &at_root(folder, "x/y")), [1]);
        }
        for good in
            ["https://x.org/home/y", "../work/x", "a/root/b", "/usr/share/x", "the /home/ folder"]
        {
            assert!(lines("a.md", good).is_empty(), "{good}");
        }
    }

    #[test]
    fn hosts_of_one_network_are_found() {
        let address = |host: &str| format!("fetch http:{}{host}:80/x", "//");
        for host in ["10.0.0.7", "crates.example.internal", "192.168.1.1"] {
            assert_eq!(lines("a.sh", &address(host)), [1], "{host}");
        }
        for host in ["127.0.0.1", "crates.io", "example.org"] {
            assert!(lines("a.sh", &address(host)).is_empty(), "{host}");
        }
    }

    #[test]
    fn foreign_registries_are_found() {
        let lock =
            format!("source = \"{CRATES_IO}\"\nsource = \"registry+https://example.org/index\"\n");
        assert_eq!(lines("Cargo.lock", &lock), [2]);
        assert_eq!(
            lines(".cargo/config.toml", "[alias]\nxtask = \"run\"\n[source.crates-io]\n"),
            [3]
        );
        assert_eq!(
            lines("a/Cargo.toml", "[dependencies]\nx = { version = \"1\", registry = \"own\" }\n"),
            [2]
        );
        assert_eq!(
            lines("setup.sh", "pip install torch\npip install --index-url https://example.org x\n"),
            [2]
        );
    }
}
