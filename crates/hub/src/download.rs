//! One file: fetched from where the last attempt ended, checked against its size and hash.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ureq::http::StatusCode;

use crate::digest::Hasher;
use crate::repository::escape;
use crate::transport::{Method, Request, Transport, header};
use crate::{Error, RemoteFile, Repository, Result};

/// Attempts in a row that may bring nothing.
const MOST_FAILURES: u32 = 5;

/// Attempts in all.
const MOST_ATTEMPTS: u32 = 200;

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// Where a file comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) repository: &'a Repository,
    pub(crate) commit: &'a str,
    pub(crate) file: &'a RemoteFile,
    /// How long to wait before the first repetition.
    pub(crate) pause: Duration,
}

/// Told how many bytes of the file are there; may stop.
pub(crate) type Told<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

impl Source<'_> {
    /// Fills `partial` and proves that it is the file; what is in it already is gone on from.
    ///
    /// # Errors
    /// [`Error::Cut`] and [`Error::Interrupted`] leave what there is, [`Error::Size`] and [`Error::Hash`] remove it.
    pub(crate) fn fill(&self, partial: &Path, told: &mut Told<'_>) -> Result<()> {
        let mut progress = Progress::open(partial, self.file)?;
        let (mut failures, mut attempts) = (0, 0);
        while progress.got < self.file.size {
            let before = progress.got;
            let failure = match self.attempt(partial, &mut progress, told) {
                Ok(()) => continue,
                Err(failure) if is_passing(&failure) => failure,
                Err(failure) => return Err(failure),
            };
            attempts += 1;
            failures = if progress.got > before { 0 } else { failures + 1 };
            if failures >= MOST_FAILURES || attempts >= MOST_ATTEMPTS {
                return Err(failure);
            }
            self.wait(self.pause * 2_u32.pow(failures), progress.got, told)?;
        }
        progress.file.sync_all().map_err(|reason| Error::io("write", partial, reason))?;
        let found = progress.hasher.finish();
        if found == self.file.digest {
            return Ok(());
        }
        remove(partial)?;
        Err(Error::Hash {
            file: self.file.path.clone(),
            expected: self.file.digest.to_string(),
            found: found.to_string(),
        })
    }

    /// One request, read to its end.
    fn attempt(&self, partial: &Path, progress: &mut Progress, told: &mut Told<'_>) -> Result<()> {
        let address = format!(
            "{}/{}/resolve/{}/{}",
            self.transport.endpoint(),
            self.repository.name(),
            self.commit,
            escape(&self.file.path)
        );
        let request = Request {
            method: Method::Get,
            address: &address,
            from: progress.got,
            what: &self.file.path,
        };
        let mut answer = self.transport.send(self.repository, request)?;
        if progress.got > 0 && !goes_on(&answer, progress.got) {
            progress.restart(partial, self.file)?;
            if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                return Ok(());
            }
        }
        let mut body = answer.body_mut().as_reader();
        let mut piece = vec![0; PIECE];
        loop {
            if told(progress.got).is_break() {
                return Err(Error::Interrupted { repository: self.repository.to_string() });
            }
            let count = match body.read(&mut piece) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            if count == 0 {
                break;
            }
            if progress.got + count as u64 > self.file.size {
                remove(partial)?;
                return Err(Error::Size { file: self.file.path.clone(), size: self.file.size });
            }
            progress.add(partial, &piece[..count])?;
        }
        if progress.got == self.file.size {
            return told(progress.got)
                .is_continue()
                .then_some(())
                .ok_or_else(|| Error::Interrupted { repository: self.repository.to_string() });
        }
        Err(Error::Cut { file: self.file.path.clone(), got: progress.got, size: self.file.size })
    }

    fn wait(&self, time: Duration, got: u64, told: &mut Told<'_>) -> Result<()> {
        let slice = Duration::from_millis(50);
        let mut left = time;
        while !left.is_zero() {
            if told(got).is_break() {
                return Err(Error::Interrupted { repository: self.repository.to_string() });
            }
            thread::sleep(left.min(slice));
            left = left.saturating_sub(slice);
        }
        Ok(())
    }
}

/// Whether the answer continues after `got` bytes.
fn goes_on(answer: &ureq::http::Response<ureq::Body>, got: u64) -> bool {
    let range = header(answer.headers(), "content-range");
    answer.status() == StatusCode::PARTIAL_CONTENT
        && (range.is_empty() || range.trim().starts_with(&format!("bytes {got}-")))
}

/// Whether trying again may help.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::Cut { .. } => true,
        Error::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
        _ => false,
    }
}

/// The part of a file that is there.
struct Progress {
    file: File,
    hasher: Hasher,
    got: u64,
}

impl Progress {
    fn open(path: &Path, remote: &RemoteFile) -> Result<Self> {
        let failed = |reason| Error::io("write", path, reason);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let hasher = Hasher::new(&remote.digest, remote.size);
        let mut progress = Self { file, hasher, got: 0 };
        if length > remote.size {
            progress.restart(path, remote)?;
            return Ok(progress);
        }
        let mut piece = vec![0; PIECE];
        loop {
            let count = progress.file.read(&mut piece).map_err(failed)?;
            if count == 0 {
                return Ok(progress);
            }
            progress.hasher.update(&piece[..count]);
            progress.got += count as u64;
        }
    }

    fn restart(&mut self, path: &Path, remote: &RemoteFile) -> Result<()> {
        let failed = |reason| Error::io("write", path, reason);
        self.file.set_len(0).map_err(failed)?;
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.hasher = Hasher::new(&remote.digest, remote.size);
        self.got = 0;
        Ok(())
    }

    fn add(&mut self, path: &Path, piece: &[u8]) -> Result<()> {
        self.file.write_all(piece).map_err(|reason| Error::io("write", path, reason))?;
        self.hasher.update(piece);
        self.got += piece.len() as u64;
        Ok(())
    }
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|reason| Error::io("remove", path, reason))
}
