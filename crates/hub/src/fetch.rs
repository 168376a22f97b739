//! All files of a plan, into the cache or a folder.

use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::cache::{Cache, make_parent};
use crate::digest::Hasher;
use crate::download::Source;
use crate::transport::Transport;
use crate::{Error, Plan, RemoteFile, Result};

/// Where files go.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// Into the cache, where other programs find them too.
    Cache,
    /// Into this folder, as plain files.
    Folder(&'a Path),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The file under way.
    pub file: &'a str,
    /// Bytes of all files that are there.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Whether another process is fetching the same file and is waited for.
    pub waiting: bool,
}

/// Told how far it is, several times a second; may stop.
pub type Watch<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// A plan under way.
pub(crate) struct Fetch<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) cache: &'a Cache,
    pub(crate) plan: &'a Plan,
    pub(crate) pause: Duration,
}

impl Fetch<'_> {
    /// Brings all files; returns the folder that they make.
    pub(crate) fn run(&self, place: Place<'_>, watch: &mut Watch<'_>) -> Result<PathBuf> {
        let folder = match place {
            Place::Cache => self.cache.snapshot_folder(&self.plan.repository, &self.plan.commit),
            Place::Folder(folder) => folder.to_owned(),
        };
        let missing: Vec<&RemoteFile> =
            self.plan.files.iter().filter(|file| !self.is_there(place, file)).collect();
        self.check_space(place, &missing)?;
        let total = self.plan.size();
        let mut done = total - missing.iter().map(|file| file.size).sum::<u64>();
        for file in &self.plan.files {
            let absent = missing.iter().any(|missing| missing.path == file.path);
            let mut told = |got: u64, waiting: bool| {
                watch(Event { file: &file.path, done: done + got, total, waiting })
            };
            match place {
                Place::Cache => {
                    if absent {
                        self.keep_in_cache(file, &mut told)?;
                    }
                    let (repository, commit) = (&self.plan.repository, &self.plan.commit);
                    self.cache.link(repository, commit, &file.path, &file.digest)?;
                }
                Place::Folder(folder) if absent => {
                    self.keep_in_folder(&folder.join(&file.path), file, &mut told)?;
                }
                Place::Folder(_) => {}
            }
            if absent {
                done += file.size;
            }
        }
        if matches!(place, Place::Cache) {
            self.cache.refer(&self.plan.repository, &self.plan.commit)?;
        }
        Ok(folder)
    }

    fn blob(&self, file: &RemoteFile) -> PathBuf {
        self.cache.blob(&self.plan.repository, &file.digest)
    }

    /// Whether a file lies where it should; in a folder that others may have changed, its hash decides.
    fn is_there(&self, place: Place<'_>, file: &RemoteFile) -> bool {
        match place {
            Place::Cache => length(&self.blob(file)) == Some(file.size),
            Place::Folder(folder) => {
                let path = folder.join(&file.path);
                length(&path) == Some(file.size) && is_file(&path, file)
            }
        }
    }

    fn source<'a>(&'a self, file: &'a RemoteFile) -> Source<'a> {
        let Plan { repository, commit, .. } = self.plan;
        Source { transport: self.transport, repository, commit, file, pause: self.pause }
    }

    fn keep_in_cache(&self, file: &RemoteFile, told: &mut Told<'_>) -> Result<()> {
        let (blob, lock) = (self.blob(file), self.cache.lock(&self.plan.repository, &file.digest));
        make_parent(&blob)?;
        make_parent(&lock)?;
        let lock = self.locked(&lock, told)?;
        // Whoever held the lock may have brought it.
        if length(&blob) != Some(file.size) {
            let partial = with_ending(&blob, ".incomplete");
            self.source(file).fill(&partial, &mut |got| told(got, false))?;
            fs::rename(&partial, &blob).map_err(|reason| Error::io("write", &blob, reason))?;
        }
        drop(lock);
        Ok(())
    }

    fn keep_in_folder(&self, path: &Path, file: &RemoteFile, told: &mut Told<'_>) -> Result<()> {
        make_parent(path)?;
        let digits = file.digest.digits();
        let partial = with_ending(path, &format!(".{}.incomplete", &digits[..8]));
        let blob = self.blob(file);
        if length(&blob) == Some(file.size) {
            let copied = fs::copy(&blob, &partial).map(|_| ());
            copied.map_err(|reason| Error::io("write", path, reason))?;
        }
        self.source(file).fill(&partial, &mut |got| told(got, false))?;
        fs::rename(&partial, path).map_err(|reason| Error::io("write", path, reason))
    }

    /// The lock of a blob, as Python's program takes it, waited for as long as another process has it.
    fn locked(&self, path: &Path, told: &mut Told<'_>) -> Result<Option<File>> {
        let file = File::create(path).map_err(|reason| Error::io("write", path, reason))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => {
                    if told(0, true).is_break() {
                        let repository = self.plan.repository.to_string();
                        return Err(Error::Interrupted { repository });
                    }
                    thread::sleep(Duration::from_millis(100));
                }
                // Some file systems know no locks: the hash is checked either way.
                Err(TryLockError::Error(_)) => return Ok(None),
            }
        }
    }

    fn check_space(&self, place: Place<'_>, missing: &[&RemoteFile]) -> Result<()> {
        let folder = match place {
            Place::Cache => self.cache.root(),
            Place::Folder(folder) => folder,
        };
        let partial = |file: &RemoteFile| match place {
            Place::Cache => length(&with_ending(&self.blob(file), ".incomplete")).unwrap_or(0),
            Place::Folder(_) => 0,
        };
        let needed =
            missing.iter().map(|file| file.size.saturating_sub(partial(file))).sum::<u64>();
        match free(folder) {
            Some(free) if free < needed => {
                Err(Error::NoSpace { folder: folder.to_owned(), needed, free })
            }
            _ => Ok(()),
        }
    }
}

/// Told how many bytes of one file are there, and whether another process is waited for.
type Told<'a> = dyn FnMut(u64, bool) -> ControlFlow<()> + 'a;

fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len())
}

/// Whether the content of a file of the right length is the right one.
fn is_file(path: &Path, file: &RemoteFile) -> bool {
    let Ok(mut reader) = File::open(path) else { return false };
    let mut hasher = Hasher::new(&file.digest, file.size);
    let mut piece = vec![0; 128 * 1024];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return hasher.finish() == file.digest,
            Ok(count) => hasher.update(&piece[..count]),
            Err(_) => return false,
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// Bytes that the disk under a folder still takes, where the system says.
fn free(folder: &Path) -> Option<u64> {
    let existing = folder.ancestors().find(|folder| folder.exists())?;
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(existing).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = existing;
        None
    }
}
