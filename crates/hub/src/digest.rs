//! Hashes by which the hub names content: SHA-256 of large files, git's SHA-1 of small ones.
//!
//! Git hashes a file as `blob LENGTH\0` and the content, so the length has to be known first.

use std::fmt;

use sha1_smol::Sha1;
use sha2::{Digest as _, Sha256};

/// A hash in lower-case hexadecimal digits, as the cache names blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256 of the content.
    Sha256(String),
    /// SHA-1 of the content as git stores it.
    Git(String),
}

impl Digest {
    /// The kind of hash that so many digits are.
    pub(crate) fn of_digits(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.len() {
            64 if hex => Some(Self::Sha256(text)),
            40 if hex => Some(Self::Git(text)),
            _ => None,
        }
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        match self {
            Self::Sha256(digits) | Self::Git(digits) => digits,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits())
    }
}

/// A hash under way.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Git(Sha1),
}

impl Hasher {
    /// Begins a hash of the same kind as `digest` over `size` bytes.
    pub(crate) fn new(digest: &Digest, size: u64) -> Self {
        match digest {
            Digest::Sha256(_) => Self::Sha256(Sha256::new()),
            Digest::Git(_) => {
                let mut sha = Sha1::new();
                sha.update(format!("blob {size}\0").as_bytes());
                Self::Git(sha)
            }
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sha) => sha.update(bytes),
            Self::Git(sha) => sha.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(sha) => {
                let bytes = sha.finalize();
                Digest::Sha256(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            Self::Git(sha) => Digest::Git(sha.digest().to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git_and_sha256sum() {
        // `printf abc | git hash-object --stdin` and `printf abc | sha256sum`.
        for digits in [
            "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ] {
            let expected = Digest::of_digits(&digits.to_uppercase()).unwrap();
            let mut hasher = Hasher::new(&expected, 3);
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.finish(), expected);
        }
        assert_eq!(Digest::of_digits("../../x"), None);
        assert_eq!(Digest::of_digits(&"g".repeat(64)), None);
    }
}
