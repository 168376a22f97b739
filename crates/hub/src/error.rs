//! What can go wrong between a repository's name and a folder: one sentence per case.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of this crate, told in one sentence with the offending value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the sentence above each variant says what its fields are")]
pub enum Error {
    // What was asked for.
    /// The text names no repository.
    #[error("`{given}` names no repository: expected owner/name or owner/name@revision, {reason}")]
    Name { given: String, reason: &'static str },
    /// The network was forbidden.
    #[error("{repository} cannot be fetched in offline mode, which HF_HUB_OFFLINE asks for")]
    Offline { repository: String },
    /// The hub knows no such repository.
    #[error("{endpoint} has no repository {repository}")]
    NoRepository { endpoint: String, repository: String },
    /// The hub shows no such repository to strangers.
    #[error(
        "{endpoint} shows no repository {repository} without a token: it does not exist, or is private or gated and needs HF_TOKEN"
    )]
    Hidden { endpoint: String, repository: String },
    /// The repository is there, but has no such branch, tag or commit.
    #[error("{repository} has no revision `{revision}`")]
    NoRevision { repository: String, revision: String },
    /// The repository is there, but has no such file.
    #[error("{repository} has no file `{file}`")]
    NoFile { repository: String, file: String },
    /// Its owner asks for consent first, and nobody said who is asking.
    #[error(
        "{repository} is gated: accept its terms at {page}, then set HF_TOKEN to a token of that account"
    )]
    Gated { repository: String, page: String },
    /// Its owner asks for consent first, which the token's account has not given.
    #[error(
        "{repository} is gated, and the account of the token in HF_TOKEN has not been let in: accept its terms at {page}"
    )]
    NotLetIn { repository: String, page: String },
    /// The token is no good.
    #[error("{endpoint} refuses the token in HF_TOKEN (status {status}) for {repository}")]
    Token { endpoint: String, repository: String, status: u16 },
    /// The repository holds no model folder.
    #[error(
        "{repository} holds no model folder: it has neither model_index.json nor config.json; it has {found}"
    )]
    NoModel { repository: String, found: String },
    /// No component has the variant.
    #[error("{repository} has no weights of the variant `{variant}`; it has {found}")]
    NoVariant { repository: String, variant: String, found: String },
    /// A component has weights only in variants that were not asked for.
    #[error("{repository} has weights of `{component}` only in variants: {found}; ask for one")]
    OnlyVariants { repository: String, component: String, found: String },

    // What the hub says.
    /// No connection.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable { host: String, reason: String },
    /// An answer that means nothing here.
    #[error("{host} answered with status {status} to the request for {what}")]
    Status { host: String, status: u16, what: String },
    /// A redirection that leads nowhere, or away from an encrypted connection.
    #[error("{host} redirects the request for {what} {where_to}")]
    Redirect { host: String, what: String, where_to: String },
    /// The list of files is malformed.
    #[error("the list of files of {repository} is malformed: {detail}")]
    Listing { repository: String, detail: String },
    /// The list of files names one outside the folder.
    #[error(
        "the list of files of {repository} names `{file}`, which is no plain path inside a folder"
    )]
    FileName { repository: String, file: String },

    // Files.
    /// The connection was cut again and again.
    #[error(
        "the connection was cut after {got} of {size} bytes of {file}; what was fetched is kept, and the next attempt goes on from there"
    )]
    Cut { file: String, got: u64, size: u64 },
    /// More bytes came than the list of files says.
    #[error("{file} is longer than the {size} bytes that the list of files says; it was removed")]
    Size { file: String, size: u64 },
    /// The content is not what the list of files says.
    #[error(
        "the hash of {file} is {found}, but {expected} was expected: it was damaged or forged on the way, and was removed"
    )]
    Hash { file: String, expected: String, found: String },
    /// The disk, or the user's share of it, cannot hold the files.
    #[error("no space left: {folder} has {free} bytes free, and {needed} are still to be fetched")]
    NoSpace { folder: PathBuf, needed: u64, free: u64 },
    /// The disk became full.
    #[error(
        "no space left while writing {path}; what was fetched is kept, and the next attempt goes on from there"
    )]
    Full { path: PathBuf },
    /// An operation of the file system failed.
    #[error("cannot {action} {path}: {reason}")]
    Io { action: &'static str, path: PathBuf, reason: io::Error },
    /// The caller asked to stop.
    #[error("what was fetched of {repository} is kept; the same command goes on from there")]
    Interrupted { repository: String },
}

impl Error {
    /// The file system refused to `action` `path`.
    pub(crate) fn io(action: &'static str, path: &Path, reason: io::Error) -> Self {
        let path = path.to_owned();
        match reason.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { action, path, reason },
        }
    }
}
