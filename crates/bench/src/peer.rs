//! The peer's script, written where a Python interpreter can read it.

use std::io::Write;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::{Launcher, Result};

const SCRIPT: &str = include_str!("../peer/peer.py");

/// The script as a file, which goes when this value does.
#[derive(Debug)]
pub struct PeerScript(NamedTempFile);

impl PeerScript {
    /// Writes the script.
    ///
    /// # Errors
    /// Where there is no place for temporary files.
    pub fn write() -> Result<Self> {
        let mut file =
            tempfile::Builder::new().prefix("langevin-peer-").suffix(".py").tempfile()?;
        file.write_all(SCRIPT.as_bytes())?;
        file.flush()?;
        Ok(Self(file))
    }

    /// Starts eager workers of so many threads in `python`.
    pub fn eager(&self, python: impl Into<PathBuf>, threads: usize) -> Launcher {
        let arguments = vec![
            self.0.path().as_os_str().to_owned(),
            "--threads".into(),
            threads.to_string().into(),
        ];
        Launcher { program: python.into(), arguments }
    }

    /// The same with the networks compiled.
    pub fn compiled(&self, python: impl Into<PathBuf>, threads: usize) -> Launcher {
        let mut launcher = self.eager(python, threads);
        launcher.arguments.push("--compile".into());
        launcher
    }
}
