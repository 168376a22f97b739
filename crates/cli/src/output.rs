//! Results on standard output: text for people, or exactly one JSON document.

use std::io::Write;

use serde_json::Value;

use crate::failure::Exit;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lines for people.
    Text,
    /// One document.
    Json,
}

/// What a verb hands back: the same result twice, and how the process ends.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Lines for people.
    pub(crate) text: String,
    /// The document for programs.
    pub(crate) json: Value,
    /// [`Exit::Done`], or [`Exit::Failed`] where the result itself is a failure.
    pub(crate) exit: Exit,
}

impl Outcome {
    /// A result that is a success.
    pub(crate) fn done(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, exit: Exit::Done }
    }
}

/// Prints the outcome; a reader that has closed the pipe has seen enough, which is no error.
pub(crate) fn print(outcome: &Outcome, format: Format) -> std::io::Result<()> {
    let text = match format {
        Format::Text => outcome.text.trim_end().to_owned(),
        Format::Json => format!("{:#}", outcome.json),
    };
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
