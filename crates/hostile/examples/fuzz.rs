//! Reads hostile files by the million, in this process, with memory measured: `cargo xtask fuzz [TARGET]…`.
//!
//! Each run's file is a function of the seed and the run's number (`langevin_hostile`), so a finding is a number. A
//! panic or a reading that takes more memory than the file warrants is written to `target/fuzz` and ends the target.
//! What ends the process itself (a stack that overflows, memory that is not given) is found again from the number in
//! `target/fuzz/TARGET.run`, which is at most [`STRIDE`] runs old, with `--first` and `--record`.
//!
//! There is no feedback from coverage here: `fuzz/README.md` says how libFuzzer runs the same targets.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use langevin_hostile::{TARGETS, Target};
use peak_alloc::PeakAlloc;

/// Counts what is in use; the process's only allocator.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Runs between notes of progress.
const STRIDE: u64 = 20_000;

/// Time between lines on the terminal.
const INTERVAL: Duration = Duration::from_secs(30);

/// What to read and how often.
#[derive(Parser)]
#[command(name = "cargo xtask fuzz")]
struct Fuzz {
    /// Targets [default: all]
    targets: Vec<String>,
    /// Files read by each target
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// Stop each target after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Seed of all mutations
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of the first run
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Write each file to target/fuzz/TARGET.file before it is read
    #[arg(long)]
    record: bool,
}

fn main() -> ExitCode {
    match run(&Fuzz::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Drives the targets; how many of them have a finding.
fn run(args: &Fuzz) -> std::io::Result<usize> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    fs::create_dir_all(&folder)?;
    let mut chosen = Vec::new();
    for name in &args.targets {
        match Target::named(name) {
            Some(target) => chosen.push(target),
            None => {
                let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
                let names = names.join(", ");
                return Err(std::io::Error::other(format!(
                    "no target is called {name}; there are {names}"
                )));
            }
        }
    }
    if chosen.is_empty() {
        chosen.extend(TARGETS);
    }
    // A panic is a finding, told once with its run.
    panic::set_hook(Box::new(|_| {}));
    let mut findings = 0;
    for target in chosen {
        let outcome = Course { target, args, folder: folder.clone() }.run()?;
        findings += usize::from(outcome.finding.is_some());
        println!("{outcome}");
    }
    Ok(findings)
}

/// One target's runs.
struct Course<'a> {
    target: &'a Target,
    args: &'a Fuzz,
    folder: PathBuf,
}

/// What came of them.
struct Outcome {
    name: &'static str,
    runs: u64,
    accepted: u64,
    seconds: f64,
    /// The most memory that one reading took, and the length of its file.
    most: (usize, usize),
    /// The most memory beyond what is allowed for every byte of the file: how near the limit it came.
    share: f64,
    finding: Option<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (bytes, length) = self.most;
        write!(
            f,
            "{}: {} runs in {:.0} s, {:.1} % accepted, at most {} kB for a file of {} bytes, {:.0} % of the allowance",
            self.name,
            self.runs,
            self.seconds,
            100.0 * self.accepted as f64 / self.runs.max(1) as f64,
            bytes / 1000,
            length,
            100.0 * self.share
        )?;
        match &self.finding {
            Some(finding) => write!(f, "; FOUND {finding}"),
            None => Ok(()),
        }
    }
}

impl Course<'_> {
    fn run(&self) -> std::io::Result<Outcome> {
        let (target, args) = (self.target, self.args);
        let beginnings = target.beginnings();
        // What is made once and kept is no part of any reading.
        for seed in &beginnings {
            let _ = panic::catch_unwind(|| (target.read)(seed));
        }
        let begun = Instant::now();
        let mut next_line = begun + INTERVAL;
        let mut outcome = Outcome {
            name: target.name,
            runs: 0,
            accepted: 0,
            seconds: 0.0,
            most: (0, 0),
            share: 0.0,
            finding: None,
        };
        for run in args.first..args.first.saturating_add(args.runs) {
            let file = target.file(args.seed, run, &beginnings);
            if args.record {
                fs::write(self.folder.join(format!("{}.file", target.name)), &file)?;
            }
            MEMORY.reset_peak_usage();
            let before = MEMORY.current_usage();
            let read = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(&file)));
            let took = MEMORY.peak_usage().saturating_sub(before);
            outcome.runs += 1;
            outcome.seconds = begun.elapsed().as_secs_f64();
            outcome.accepted += u64::from(*read.as_ref().unwrap_or(&false));
            if took > outcome.most.0 {
                outcome.most = (took, file.len());
            }
            let share = took as f64 / target.allowance(file.len()) as f64;
            outcome.share = outcome.share.max(share);
            let fault = match read {
                Err(payload) => Some(format!("a panic: {}", told(payload.as_ref()))),
                Ok(_) if share > 1.0 => Some(format!("{took} bytes of memory")),
                Ok(_) => None,
            };
            if let Some(fault) = fault {
                let path = self.folder.join(format!("{}-{}-{run}", target.name, args.seed));
                fs::write(&path, &file)?;
                outcome.finding = Some(format!("{fault} in run {run}: {}", path.display()));
                return Ok(outcome);
            }
            if outcome.runs.is_multiple_of(STRIDE) {
                fs::write(self.folder.join(format!("{}.run", target.name)), run.to_string())?;
                if Instant::now() >= next_line {
                    next_line += INTERVAL;
                    eprintln!("{outcome}");
                }
            }
            if args.seconds.is_some_and(|most| begun.elapsed().as_secs() >= most) {
                break;
            }
        }
        Ok(outcome)
    }
}

fn told(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}
