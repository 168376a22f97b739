//! What is going to be fetched, known before anything is.

use std::collections::BTreeSet;

use crate::{RemoteFile, Repository};

/// Which files of a repository are wanted.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The precision or other variant of weights, for example `fp16`.
    pub variant: Option<String>,
    /// Components of a pipeline that are left out.
    pub without: BTreeSet<String>,
    /// These files alone, instead of a model folder.
    pub files: BTreeSet<String>,
}

/// The files of a repository at one commit that are wanted.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The repository at its revision.
    pub repository: Repository,
    /// The commit that the revision is at.
    pub commit: String,
    /// The files, sorted by path.
    pub files: Vec<RemoteFile>,
    /// What is worth saying about the choice.
    pub notes: Vec<String>,
}

impl Plan {
    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}
