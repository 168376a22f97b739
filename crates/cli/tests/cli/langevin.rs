//! Runs the binary and looks at what it did.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// What a finished process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The process succeeded.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Standard output is exactly one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The process failed with `code`, one `error:` sentence that holds all of `words`, and nothing else but a hint.
    pub(crate) fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let errors: Vec<&&str> = lines.iter().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors.as_slice() else { panic!("not one sentence: {self:#?}") };
        for word in words {
            assert!(self.stderr.contains(word), "{word} is not in {self:#?}");
        }
        assert!(error.len() < 600, "a long sentence: {error}");
        for noise in ["panicked", "RUST_BACKTRACE", "broke one of its own rules", "Some(", "Os {"] {
            assert!(!self.stderr.contains(noise), "{self:#?}");
        }
    }
}

/// The binary with these arguments, in `folder`, quiet about progress.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_langevin"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn langevin(folder: &Path, arguments: &[&str]) -> Finished {
    finish(&mut command(folder, arguments))
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Finished {
    let output = command.output().expect("the process starts");
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Starts the binary and lets it run.
pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Child {
    command(folder, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts")
}

/// A small network on the digits, to be trained for a few steps.
pub(crate) const TINY: &str = r#"
[data]
source = "digits"

[model]
preset = "compact-tiny"

[run]
steps = 8
batch = 8
sample_every = 0
checkpoint_every = 2
keep = 2
log_every = 1

[samples]
count = 10
steps = 4
"#;

/// A folder with `tiny.toml` in it.
pub(crate) fn workplace() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("tiny.toml"), TINY).expect("a file");
    folder
}

/// A run folder that every test may read and none may change.
pub(crate) fn trained() -> &'static Path {
    static RUN: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, run) = RUN.get_or_init(|| {
        // A static is never dropped: its folder is left in the build's own place for such things.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        std::fs::write(folder.path().join("tiny.toml"), TINY).expect("a file");
        langevin(folder.path(), &["train", "tiny.toml", "--out", "run", "--quiet"]).ok();
        let run = folder.path().join("run");
        (folder, run)
    });
    run
}

/// The path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
