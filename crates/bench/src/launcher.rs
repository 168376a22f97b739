//! How a side's workers are started.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// A program and its arguments, to which the row's name is added.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Everything before the row's name.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    pub(crate) fn command(&self, row: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(row);
        command
    }
}
