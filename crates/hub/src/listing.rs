//! The files of a repository as the hub lists them: `GET /api/models/OWNER/NAME/revision/REVISION?blobs=true`.

use serde_json::Value;

use crate::{Digest, Error, Repository, Result};

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its path inside the repository, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The hash of its content.
    pub digest: Digest,
}

/// A file whose size and hash the list may leave open.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) size: Option<u64>,
    pub(crate) digest: Option<Digest>,
}

/// What a repository holds at one commit.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) commit: String,
    pub(crate) files: Vec<Listed>,
}

impl Listing {
    /// Reads the hub's answer; paths that would leave a folder are refused.
    pub(crate) fn parse(repository: &Repository, text: &[u8]) -> Result<Self> {
        let malformed = |detail: &str| Error::Listing {
            repository: repository.to_string(),
            detail: detail.to_owned(),
        };
        let answer: Value =
            serde_json::from_slice(text).map_err(|error| malformed(&error.to_string()))?;
        let commit = answer.get("sha").and_then(Value::as_str);
        let commit =
            commit.filter(|sha| is_commit(sha)).ok_or_else(|| malformed("it names no commit"))?;
        let siblings = answer.get("siblings").and_then(Value::as_array);
        let siblings = siblings.ok_or_else(|| malformed("it has no `siblings`"))?;
        let mut files: Vec<Listed> = Vec::new();
        for sibling in siblings {
            let path = sibling.get("rfilename").and_then(Value::as_str);
            let path = path.ok_or_else(|| malformed("a file has no `rfilename`"))?;
            if !is_plain_path(path) {
                let (repository, file) = (repository.to_string(), path.to_owned());
                return Err(Error::FileName { repository, file });
            }
            let large = sibling.get("lfs").filter(|value| value.is_object());
            let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64);
            let digits = |value: &Value, key: &str| {
                value.get(key).and_then(Value::as_str).and_then(Digest::of_digits)
            };
            let digest = match large {
                Some(large) => digits(large, "sha256").or_else(|| digits(large, "oid")),
                None => digits(sibling, "blobId"),
            };
            let size =
                large.and_then(|large| number(large, "size")).or_else(|| number(sibling, "size"));
            files.push(Listed { path: path.to_owned(), size, digest });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(pair) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            return Err(malformed(&format!("it has `{}` twice", pair[0].path)));
        }
        Ok(Self { commit: commit.to_owned(), files })
    }
}

/// Whether a text is a whole commit.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a path from the hub can only mean a file inside a folder, on any system.
fn is_plain_path(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.len() <= 1024
        && path.split('/').all(plain)
        && !path.chars().any(|c| c.is_control() || c == '\\' || c == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Listing> {
        Listing::parse(&"a/b".parse().unwrap(), text.as_bytes())
    }

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn sizes_and_hashes_are_those_of_the_content() {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let text = format!(
            r#"{{"sha": "{COMMIT}", "siblings": [
                {{"rfilename": "unet/w.safetensors", "size": 9, "blobId": "{COMMIT}",
                  "lfs": {{"sha256": "{sha256}", "size": 9, "pointerSize": 134}}}},
                {{"rfilename": "model_index.json", "size": 3, "blobId": "{COMMIT}"}},
                {{"rfilename": "x.txt"}}]}}"#
        );
        let listing = parse(&text).unwrap();
        assert_eq!(listing.commit, COMMIT);
        let found: Vec<_> =
            listing.files.iter().map(|f| (f.path.as_str(), f.size, f.digest.clone())).collect();
        let expected = [
            ("model_index.json", Some(3), Digest::of_digits(COMMIT)),
            ("unet/w.safetensors", Some(9), Digest::of_digits(sha256)),
            ("x.txt", None, None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn hostile_lists_are_refused() {
        for path in ["../x", "/x", "a/../../x", "a//b", ".", "C:x", "a\\\\b", "a\\u0000", ""] {
            let text = format!(r#"{{"sha": "{COMMIT}", "siblings": [{{"rfilename": "{path}"}}]}}"#);
            assert!(matches!(parse(&text), Err(Error::FileName { .. })), "{path}");
        }
        let twice = r#"{"rfilename": "a"}"#;
        for text in [
            "",
            "[]",
            "{}",
            "{\"sha\": \"../../etc\", \"siblings\": []}",
            &format!("{{\"sha\": \"{COMMIT}\"}}"),
            &format!("{{\"sha\": \"{COMMIT}\", \"siblings\": [1]}}"),
            &format!("{{\"sha\": \"{COMMIT}\", \"siblings\": [{twice}, {twice}]}}"),
        ] {
            assert!(matches!(parse(text), Err(Error::Listing { .. })), "{text}");
        }
    }
}
