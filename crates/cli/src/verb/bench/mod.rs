//! `langevin bench [train|sample|ops] [--peer]`.

mod page;
mod table;

use std::io::{stdin, stdout};
use std::ops::ControlFlow;
use std::path::Path;

use langevin_bench::{
    Conditions, Error, Group, Launcher, PeerScript, Plan, Report, Row, measure, rows, serve,
};
use langevin_weights::atomic;
use serde_json::json;

use crate::args::bench::Bench;
use crate::context::Context;
use crate::date;
use crate::failure::{Failure, Hint, reason};
use crate::gallery::make_folder_of;
use crate::machine::{instruction_sets, processor};
use crate::output::Outcome;
use crate::words::counted;

/// The fewest pairs whose medians are worth comparing.
const FEWEST_PAIRS: usize = 5;

const MODULES: &str = "pip install torch diffusers, best in a virtual environment, and name its interpreter with --python";

pub(crate) fn run(args: &Bench, context: &Context) -> Result<Outcome, Failure> {
    if let Some(row) = &args.worker {
        serve(row, &context.device(), stdin().lock(), stdout().lock())?;
        // All is said; an outcome would add a line to it.
        std::process::exit(0);
    }
    if args.peer && args.pairs < FEWEST_PAIRS {
        return Err(Failure::usage(format!(
            "--pairs {} is too few to compare with --peer: expected at least {FEWEST_PAIRS}",
            args.pairs
        )));
    }
    let rows = chosen(args)?;
    if let Some(out) = &args.out {
        make_folder_of(out)?;
    }
    let report = compare(args, context, rows)?;
    let mut text = table::text(&report);
    if let Some(out) = &args.out {
        write(out, &report)?;
        text.push_str(&format!("\n\nwrote {}", out.display()));
    }
    Ok(Outcome::done(text, json!(report)))
}

/// The rows asked for.
fn chosen(args: &Bench) -> Result<Vec<Row>, Failure> {
    let group = args.group.map(Group::from);
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for row in rows().into_iter().filter(|row| group.is_none_or(|group| row.group == group)) {
        match &args.only {
            Some(only) if !row.name.contains(only.as_str()) => others.push(row.name),
            _ => chosen.push(row),
        }
    }
    if chosen.is_empty() {
        let only = args.only.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!("--only {only} matches no row"))
            .hint(format!("the rows are {}", others.join(", "))));
    }
    Ok(chosen)
}

fn compare(args: &Bench, context: &Context, rows: Vec<Row>) -> Result<Report, Failure> {
    let threads = rayon::current_num_threads();
    let script = args.peer.then(PeerScript::write).transpose()?;
    let plan = Plan {
        pairs: args.pairs,
        ours: ours(context, threads)?,
        peer: script.as_ref().map(|script| script.eager(&args.python, threads)),
        compiled: script
            .as_ref()
            .filter(|_| args.compile)
            .map(|script| script.compiled(&args.python, threads)),
        rows,
    };
    let conditions = Conditions {
        machine: machine(),
        date: date::today(),
        threads,
        command: command(args, threads),
    };
    let watch = context.interrupt.watch();
    let mut progress = context.task("bench");
    let report = measure(plan, conditions, &mut |now| {
        progress.update(now.done, || now.row.to_owned());
        if watch.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match report {
        Ok(report) => {
            progress.finish(&counted(report.rows.len(), "row"));
            Ok(report)
        }
        Err(error @ Error::Interrupted { .. }) => {
            Err(Failure::interrupted(error.to_string()).hint("--only measures some rows only"))
        }
        Err(Error::Interpreter { program, source }) => {
            let (program, reason) = (program.display(), reason(&source));
            Err(Failure::failed(format!(
                "the Python interpreter {program} cannot be started: {reason}"
            ))
            .hint(format!("--python PATH names another; then {MODULES}")))
        }
        Err(error @ Error::Module { .. }) => Err(error).hint(MODULES),
        Err(error) => Err(error.into()),
    }
}

/// This binary again, as a worker.
fn ours(context: &Context, threads: usize) -> Result<Launcher, Failure> {
    let (threads, device) = (threads.to_string(), context.device.to_string());
    let arguments = ["--threads", &threads, "--device", &device, "bench", "--worker"];
    Ok(Launcher {
        program: std::env::current_exe()?,
        arguments: arguments.into_iter().map(Into::into).collect(),
    })
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let sets = instruction_sets();
    let vectors = ["avx512f", "avx2", "neon"].into_iter().find(|set| sets.contains(set));
    format!(
        "{}, {}, {} {}{}",
        processor(),
        counted(cores, "processor"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        vectors.map_or_else(String::new, |set| format!(" with {set}")),
    )
}

/// What repeats this measurement, without the places of this machine.
fn command(args: &Bench, threads: usize) -> String {
    let mut words = vec!["langevin bench".to_owned()];
    words.extend(args.group.map(|group| format!("{group:?}").to_lowercase()));
    words.extend(args.only.as_ref().map(|only| format!("--only {only}")));
    words.extend(args.peer.then(|| "--peer".to_owned()));
    words.extend(args.compile.then(|| "--compile".to_owned()));
    words.push(format!("--pairs {} --threads {threads}", args.pairs));
    words.join(" ")
}

/// Writes the tables to `path`, into the frame of markers where the file has one.
fn write(path: &Path, report: &Report) -> Result<(), Failure> {
    let previous = std::fs::read_to_string(path).unwrap_or_default();
    let page = page::with_tables(&previous, &table::markdown(report));
    Ok(atomic::write_bytes(path, page.as_bytes())?)
}
