//! What went wrong, as a person reads it: `error:` and one sentence, `hint:` and one more, and an exit code.

use std::error::Error;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use clap::error::ErrorKind;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: the arguments are wrong.
    Usage,
    /// 130: the user stopped it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// A reason to stop.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    sentence: String,
    hint: Option<String>,
}

impl Failure {
    /// Something that was right to ask for and did not work.
    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, sentence: sentence.into(), hint: None }
    }

    /// Arguments that cannot be followed.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, sentence: sentence.into(), hint: None }
    }

    /// Stopped by the user, after saving what `sentence` says.
    pub(crate) fn interrupted(sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Interrupted, sentence: sentence.into(), hint: None }
    }

    /// Adds what the user can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Help and version print themselves; a mistake becomes its first paragraph and clap's tip.
    pub(crate) fn from_clap(error: &clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Self::clap_text(error, Exit::Done)
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Self::clap_text(error, Exit::Usage)
            }
            _ => {
                let text = error.render().to_string();
                let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
                let words: Vec<&str> = first.split_whitespace().collect();
                let sentence = words.join(" ");
                let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
                let hint = tip.map_or_else(
                    || format!("{} shows how it is used", help_command()),
                    ToOwned::to_owned,
                );
                Self::usage(sentence.trim_start_matches("error: ")).hint(hint)
            }
        }
    }

    /// Clap's own text, on the stream where it belongs.
    fn clap_text(error: &clap::Error, exit: Exit) -> Self {
        // A closed pipe is no reason to complain: whoever asked for help has seen enough.
        let _ = error.print();
        Self { exit, sentence: String::new(), hint: None }
    }

    /// Writes the sentences to standard error and says how to end.
    pub(crate) fn print(&self) -> Exit {
        let mut stderr = std::io::stderr().lock();
        let label = if self.exit == Exit::Interrupted { "stopped" } else { "error" };
        if !self.sentence.is_empty() {
            let _ = writeln!(stderr, "{label}: {}", self.sentence);
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "hint: {hint}");
        }
        self.exit
    }
}

/// Joins an error and its sources; a source that its parent already quotes is not repeated.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut sentence = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !sentence.contains(&text) {
                sentence = format!("{sentence}: {text}");
            }
            source = cause.source();
        }
        Self::failed(sentence)
    }
}

/// What the operating system said, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Gives a failing result its hint.
pub(crate) trait Hint<T> {
    /// Adds what the user can do about the error, if it is one.
    fn hint(self, hint: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| error.into().hint(hint))
    }
}

/// A broken contract inside the program is told in a sentence too, where it happens.
pub(crate) fn report_bugs_as_sentences() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        // A damaged tokenizer's: caught, and told as one.
        if langevin_pipelines::text::reads_foreign_rules() {
            return;
        }
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place =
            info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        let words: Vec<&str> = what.split_whitespace().collect();
        Failure::failed(format!("langevin broke one of its own rules: {}{place}", words.join(" ")))
            .hint("this is a bug: please report the command and this sentence")
            .print();
    }));
}

/// `langevin VERB --help` for the verb on the command line.
fn help_command() -> String {
    use clap::CommandFactory;
    let verbs = crate::args::Cli::command();
    let verb = std::env::args().skip(1).find(|word| verbs.find_subcommand(word).is_some());
    verb.map_or_else(|| "langevin --help".to_owned(), |verb| format!("langevin {verb} --help"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn mistake(arguments: &[&str]) -> Failure {
        let error = crate::args::Cli::try_parse_from(arguments).expect_err("a mistake");
        Failure::from_clap(&error)
    }

    #[test]
    fn a_mistyped_verb_is_a_sentence_with_a_suggestion() {
        let failure = mistake(&["langevin", "smaple"]);
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.sentence.contains("smaple"), "{}", failure.sentence);
        assert!(failure.hint.is_some_and(|hint| hint.contains("sample")));
    }

    #[test]
    fn a_bad_value_is_one_line() {
        let failure = mistake(&["langevin", "sample", "m", "--eta", "1.5"]);
        assert_eq!(failure.exit, Exit::Usage);
        assert!(
            failure.sentence.contains("1.5") && failure.sentence.contains("from 0 to 1"),
            "{}",
            failure.sentence
        );
        assert!(!failure.sentence.contains('\n'));
    }

    #[test]
    fn sources_are_joined_once() {
        #[derive(Debug)]
        struct Outer(std::io::Error);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a.png cannot be read")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Failure::from(Outer(std::io::Error::other("the disk is gone")));
        assert_eq!(failure.sentence, "a.png cannot be read: the disk is gone");
    }
}
