//! Which repository is meant, at which revision.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The longest name the hub allows.
const LONGEST: usize = 96;

/// The revision where nobody says which.
const MAIN: &str = "main";

/// `OWNER/NAME` at a branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    name: String,
    revision: String,
}

impl Repository {
    /// `OWNER/NAME`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A branch, a tag or a commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// `models--OWNER--NAME`.
    pub(crate) fn folder_name(&self) -> String {
        format!("models--{}", self.name.replace('/', "--"))
    }

    /// The revision as one segment of an address.
    pub(crate) fn escaped_revision(&self) -> String {
        escape(&self.revision).replace('/', "%2F")
    }
}

/// A path with what addresses cannot hold escaped (RFC 3986, section 2).
pub(crate) fn escape(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// `owner/name`, `owner/name@revision`, or either behind `hf:` or `hf://`; an owner may be missing only there.
impl FromStr for Repository {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        let refuse = |reason| Err(Error::Name { given: given.to_owned(), reason });
        let prefixed = given.strip_prefix("hf:");
        let text = prefixed.unwrap_or(given);
        let text = text.strip_prefix("//").filter(|_| prefixed.is_some()).unwrap_or(text);
        let (name, revision) = text.split_once('@').unwrap_or((text, MAIN));
        if name.len() > LONGEST {
            return refuse("of at most 96 characters");
        }
        let parts: Vec<&str> = name.split('/').collect();
        match parts.len() {
            2 => {}
            1 if prefixed.is_some() => {}
            _ => return refuse("with one `/` between the two"),
        }
        if !parts.iter().all(|part| is_name(part)) || name.contains("--") || name.contains("..") {
            return refuse("of letters, digits, `-`, `_` and `.`");
        }
        let sound = revision.split('/').all(is_name) && !revision.contains("..");
        if !sound || revision.len() > LONGEST {
            return refuse("with a branch, a tag or a commit as the revision");
        }
        Ok(Self { name: name.to_owned(), revision: revision.to_owned() })
    }
}

fn is_name(part: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: char| c == '-' || c == '.';
    !part.is_empty() && part.chars().all(known) && !part.starts_with(edge) && !part.ends_with(edge)
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.revision == MAIN { Ok(()) } else { write!(f, "@{}", self.revision) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_read_in_all_spellings() {
        for (text, name, revision) in [
            ("ab/c-d_e.f", "ab/c-d_e.f", "main"),
            ("hf:ab/c", "ab/c", "main"),
            ("hf://ab/c@v1.0", "ab/c", "v1.0"),
            ("ab/c@refs/pr/3", "ab/c", "refs/pr/3"),
            ("hf:gpt2", "gpt2", "main"),
        ] {
            let found: Repository = text.parse().unwrap();
            assert_eq!((found.name(), found.revision()), (name, revision));
        }
        let found: Repository = "ab/c@refs/pr/3".parse().unwrap();
        assert_eq!(found.folder_name(), "models--ab--c");
        assert_eq!(found.escaped_revision(), "refs%2Fpr%2F3");
        assert_eq!(found.to_string(), "ab/c@refs/pr/3");
        assert_eq!(escape("a b/ü"), "a%20b/%C3%BC");
    }

    #[test]
    fn what_names_no_repository_is_refused() {
        let long = format!("a/{}", "b".repeat(96));
        for text in [
            "", "gpt2", "a/b/c", "./a", "../a", "a/..", "a/", "/a", "a/b@", "a/b@../c", "a/b@/c",
            "a--b/c", "a/b c", "a/b?c", "a/.b", "a/b-", "a/b%2f", "hf:", "//a/b", "a/b@c//d",
            "a\\b/c", &long,
        ] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }
}
