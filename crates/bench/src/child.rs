//! The parent's side of the protocol: a worker in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ready::Ready;
use crate::{Error, Launcher, Result, Side};

/// How long the parent waits for a line before it asks whether to go on.
const POLL: Duration = Duration::from_millis(100);

/// Asked again and again while a worker works; `Break` ends the bench.
pub(crate) type Patience<'a> = dyn FnMut() -> ControlFlow<()> + 'a;

/// A running worker; it ends with this value.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    /// `None` once the worker was told to end.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The last line of its standard error.
    complaint: Option<JoinHandle<Option<String>>>,
    side: Side,
    row: String,
    program: std::path::PathBuf,
}

impl Worker {
    /// Starts a worker for `row` and waits until its work is set up.
    pub(crate) fn start(
        launcher: &Launcher,
        side: Side,
        row: &str,
        patience: &mut Patience<'_>,
    ) -> Result<(Self, Ready)> {
        let mut command = launcher.command(row);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C reaches the parent alone, which ends the worker.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = spawn(&mut command, launcher, side)?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(stdout).lines().map_while(std::io::Result::ok);
                lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
            });
        }
        let complaint = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                let lines = BufReader::new(stderr).lines().map_while(std::io::Result::ok);
                lines.filter(|line| !line.trim().is_empty()).last()
            })
        });
        let input = child.stdin.take();
        let (row, program) = (row.to_owned(), launcher.program.clone());
        let mut worker = Self { child, input, lines, complaint, side, row, program };
        let line = worker.line(patience)?;
        let ready = line.strip_prefix("ready ").and_then(|facts| serde_json::from_str(facts).ok());
        match ready {
            Some(ready) => Ok((worker, ready)),
            None => Err(worker.out_of_turn(&line)),
        }
    }

    /// Lets it work `repeats` times; the milliseconds of one.
    pub(crate) fn run(&mut self, repeats: u32, patience: &mut Patience<'_>) -> Result<f64> {
        self.tell(&format!("run {repeats}"))?;
        let line = self.line(patience)?;
        let milliseconds = line.parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms > 0.0);
        milliseconds.ok_or_else(|| self.out_of_turn(&line))
    }

    /// Ends it; the peak of its memory in MiB, where its system tells.
    pub(crate) fn end(mut self, patience: &mut Patience<'_>) -> Result<Option<f64>> {
        self.tell("end")?;
        self.input = None;
        let line = self.line(patience)?;
        match line.parse::<f64>() {
            Ok(mib) if mib.is_finite() => Ok(Some(mib)),
            _ if line == "unknown" => Ok(None),
            _ => Err(self.out_of_turn(&line)),
        }
    }

    fn tell(&mut self, words: &str) -> Result<()> {
        let told = self.input.as_mut().map(|input| writeln!(input, "{words}"));
        match told {
            // What it said before it ended comes with the next line.
            Some(Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Some(outcome) => Ok(outcome?),
            None => Ok(()),
        }
    }

    /// The next line; a line that says what stopped the worker becomes that error.
    fn line(&mut self, patience: &mut Patience<'_>) -> Result<String> {
        let line = loop {
            match self.lines.recv_timeout(POLL) {
                Ok(line) => break line,
                Err(RecvTimeoutError::Timeout) => {
                    if patience().is_break() {
                        // How many rows are done is known further up.
                        return Err(Error::Interrupted { done: 0, rows: 0 });
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        };
        if let Some(module) = line.strip_prefix("missing ") {
            let module = module.to_owned();
            return Err(Error::Module { program: self.program.clone(), module });
        }
        if let Some(reason) = line.strip_prefix("fail ") {
            let (side, row) = (self.side, self.row.clone());
            return Err(Error::Failed { side, row, reason: reason.to_owned() });
        }
        Ok(line)
    }

    /// The worker closed its output: why, as far as it told.
    fn ended(&mut self) -> Error {
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
        let complaint = self.complaint.take().and_then(|thread| thread.join().ok()?);
        let what = match complaint {
            Some(line) => format!("ended early: {}", line.trim_start_matches("error: ")),
            None => format!("ended early: {status}"),
        };
        Error::Worker { side: self.side, row: self.row.clone(), what }
    }

    fn out_of_turn(&self, line: &str) -> Error {
        let what = format!("answered {line:?}, which is not of the protocol");
        Error::Worker { side: self.side, row: self.row.clone(), what }
    }
}

fn spawn(command: &mut Command, launcher: &Launcher, side: Side) -> Result<Child> {
    command.spawn().map_err(|source| match side {
        Side::Ours => source.into(),
        Side::Peer | Side::Compiled => {
            Error::Interpreter { program: launcher.program.clone(), source }
        }
    })
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A worker that is a few lines of shell.
    fn shell(script: &str) -> Launcher {
        Launcher { program: "sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    fn start(script: &str) -> Result<(Worker, Ready)> {
        Worker::start(&shell(script), Side::Peer, "op/x", &mut || ControlFlow::Continue(()))
    }

    fn sentence(outcome: Result<(Worker, Ready)>) -> String {
        outcome.expect_err("an error").to_string()
    }

    #[test]
    fn a_worker_is_asked_and_answers() {
        let script = r#"echo 'ready {"parameters":7,"torch":"2.9"}'; read a; echo 12.5; read b; echo "$a/$b" >&2; echo 300"#;
        let (mut worker, ready) = start(script).unwrap();
        assert_eq!((ready.parameters, ready.torch.as_deref()), (Some(7), Some("2.9")));
        let mut patience = || ControlFlow::Continue(());
        assert_eq!(worker.run(4, &mut patience).unwrap(), 12.5);
        let complaint = worker.complaint.take().unwrap();
        assert_eq!(worker.end(&mut patience).unwrap(), Some(300.0));
        assert_eq!(complaint.join().unwrap().as_deref(), Some("run 4/end"));
    }

    #[test]
    fn what_stops_a_worker_is_a_sentence() {
        assert_eq!(
            sentence(start("echo missing torch")),
            "the Python interpreter sh has no module torch"
        );
        assert_eq!(
            sentence(start("echo fail no memory left")),
            "PyTorch could not do op/x: no memory left"
        );
        assert_eq!(
            sentence(start("echo first >&2; echo; echo error: the last >&2; exit 3")),
            r#"the PyTorch worker for op/x answered "", which is not of the protocol"#
        );
        assert_eq!(
            sentence(start("echo first >&2; echo error: the last >&2; exit 3")),
            "the PyTorch worker for op/x ended early: the last"
        );
        assert!(sentence(start("exit 3")).contains('3'));
        let (mut worker, _) = start("echo 'ready {}'; read a; echo soon").unwrap();
        let error = worker.run(1, &mut || ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().contains("soon"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let launcher = Launcher { program: "no-such-python".into(), arguments: Vec::new() };
        let patience = &mut || ControlFlow::Continue(());
        let error = Worker::start(&launcher, Side::Peer, "op/x", patience).unwrap_err();
        assert!(matches!(error, Error::Interpreter { .. }), "{error}");
        assert!(error.to_string().contains("no-such-python"), "{error}");
    }

    #[test]
    fn without_patience_the_worker_is_killed() {
        let begun = std::time::Instant::now();
        let patience = &mut || ControlFlow::Break(());
        let outcome = Worker::start(&shell("exec sleep 60"), Side::Peer, "op/x", patience);
        assert!(matches!(outcome, Err(Error::Interrupted { .. })));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
