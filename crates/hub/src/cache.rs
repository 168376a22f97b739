//! The cache of `huggingface_hub`: what was fetched before, found without the network.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::listing::is_commit;
use crate::{Digest, Error, Repository, Result};

/// The folder that holds `models--OWNER--NAME`.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in a folder, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a repository at its revision, as it was when it was last fetched.
    pub fn snapshot(&self, repository: &Repository) -> Option<PathBuf> {
        let commit = self.commit(repository)?;
        Some(self.snapshot_folder(repository, &commit)).filter(|folder| folder.is_dir())
    }

    /// The commit that a revision was at, or the revision itself where it is one.
    fn commit(&self, repository: &Repository) -> Option<String> {
        let revision = repository.revision();
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.reference(repository)).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    fn folder(&self, repository: &Repository) -> PathBuf {
        self.root.join(repository.folder_name())
    }

    fn reference(&self, repository: &Repository) -> PathBuf {
        self.folder(repository).join("refs").join(repository.revision())
    }

    pub(crate) fn snapshot_folder(&self, repository: &Repository, commit: &str) -> PathBuf {
        self.folder(repository).join("snapshots").join(commit)
    }

    /// Where the content of a hash lies, or will.
    pub(crate) fn blob(&self, repository: &Repository, digest: &Digest) -> PathBuf {
        self.folder(repository).join("blobs").join(digest.digits())
    }

    /// The file that whoever fetches a blob holds locked.
    pub(crate) fn lock(&self, repository: &Repository, digest: &Digest) -> PathBuf {
        let locks = self.root.join(".locks").join(repository.folder_name());
        locks.join(format!("{}.lock", digest.digits()))
    }

    /// Makes `path` of a snapshot stand for a blob: a link where the system has links, else a copy.
    pub(crate) fn link(
        &self,
        repository: &Repository,
        commit: &str,
        path: &str,
        digest: &Digest,
    ) -> Result<()> {
        let place = self.snapshot_folder(repository, commit).join(path);
        let blob = self.blob(repository, digest);
        if same_file(&place, &blob) {
            return Ok(());
        }
        make_parent(&place)?;
        let mut target: PathBuf = [".."].repeat(2 + path.matches('/').count()).iter().collect();
        target.extend(["blobs", digest.digits()]);
        let linked = remove(&place).and_then(|()| symbolic_link(&target, &place));
        linked
            .or_else(|_| fs::copy(&blob, &place).map(|_| ()))
            .map_err(|reason| Error::io("write", &place, reason))
    }

    /// Notes that a revision is at a commit.
    pub(crate) fn refer(&self, repository: &Repository, commit: &str) -> Result<()> {
        if repository.revision() == commit {
            return Ok(());
        }
        let path = self.reference(repository);
        make_parent(&path)?;
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(commit.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        write().map_err(|reason| Error::io("write", &path, reason))
    }
}

/// Makes the folder that a file is going to lie in.
pub(crate) fn make_parent(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|reason| Error::io("make the folder", folder, reason))
}

fn same_file(place: &Path, blob: &Path) -> bool {
    match (fs::canonicalize(place), fs::canonicalize(blob)) {
        (Ok(place), Ok(blob)) => place == blob,
        _ => false,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[cfg(unix)]
fn symbolic_link(target: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(windows)]
fn symbolic_link(target: &Path, place: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, place)
}

#[cfg(not(any(unix, windows)))]
fn symbolic_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
