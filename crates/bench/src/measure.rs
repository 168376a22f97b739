//! The measurement: each row's workers are started, warmed up and then run in turns, A B A B, one at a time.
//!
//! A worker that is not running waits for its next line and uses no processor.
//! The ratio of a row is that of the two medians; both sides see the same minutes of the machine, so that a slow spell
//! strikes both and the median forgets it.

use std::ops::ControlFlow;

use crate::child::{Patience, Worker};
use crate::report::Runs;
use crate::{
    Conditions, Cost, Error, Group, Launcher, MatmulRate, Measured, Report, Result, Row, Side,
    Versions, op,
};

/// Work shorter than this many milliseconds is repeated within one measurement until it is as long.
const LEAST_MS: f64 = 100.0;

/// A side is warmed up by two runs, or by one where that took longer than this many milliseconds.
const LONG_MS: f64 = 2000.0;

/// What to measure, and by whom.
#[derive(Debug)]
pub struct Plan {
    /// The rows, at least one.
    pub rows: Vec<Row>,
    /// Runs of each side that count.
    pub pairs: usize,
    /// How our workers are started.
    pub ours: Launcher,
    /// How the peer's are, if there is one.
    pub peer: Option<Launcher>,
    /// How those of the compiled peer are; they do networks only.
    pub compiled: Option<Launcher>,
}

/// Where the bench stands.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The row under way.
    pub row: &'a str,
    /// Share of the whole bench that is done, by rows.
    pub done: f64,
}

/// Measures all rows, telling `observer` several times a second; `Break` from it ends with [`Error::Interrupted`].
///
/// # Errors
/// What stops a worker; that of the compiled peer is noted in the row instead.
pub fn measure(
    plan: Plan,
    conditions: Conditions,
    observer: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    let Plan { mut rows, pairs, ours, peer, compiled } = plan;
    let asked = rows.len();
    let operations = rows.iter().any(|row| row.group == Group::Ops);
    if operations && rows.iter().all(|row| row.name != op::REFERENCE) {
        rows.extend(crate::rows().into_iter().filter(|row| row.name == op::REFERENCE));
    }
    let (count, sides) = (rows.len(), (ours, peer, compiled));
    let (mut versions, mut matmul) = (Versions::default(), None);
    let mut measured = Vec::with_capacity(count);
    for (done, row) in rows.iter().enumerate() {
        let mut tell = |share: f64| {
            observer(Progress { row: &row.name, done: (done as f64 + share) / count as f64 })
        };
        let numbers = one(row, &sides, pairs, &mut versions, &mut tell).map_err(|error| {
            let interrupted = matches!(error, Error::Interrupted { .. });
            if interrupted { Error::Interrupted { done, rows: count } } else { error }
        })?;
        if row.name == op::REFERENCE {
            matmul = Some(rate(row, &numbers));
        }
        measured.push(numbers);
    }
    measured.truncate(asked);
    if let Some(matmul) = matmul {
        for row in &mut measured {
            row.share_of_matmul = row.gflops.map(|gflops| gflops / matmul.best());
        }
    }
    Ok(Report { conditions, pairs, versions, matmul_gflops: matmul, rows: measured })
}

/// The fastest runs of the matrix product as rates.
fn rate(row: &Row, numbers: &Measured) -> MatmulRate {
    let flops = match row.cost {
        Some(Cost::Flops(flops)) => flops,
        _ => f64::NAN,
    };
    let best = |runs: &[f64]| flops / runs.iter().copied().fold(f64::INFINITY, f64::min) / 1e6;
    let peer = (!numbers.peer_runs_ms.is_empty()).then(|| best(&numbers.peer_runs_ms));
    MatmulRate { ours: best(&numbers.ours_runs_ms), peer }
}

/// A worker with what it did so far.
struct Turn {
    worker: Worker,
    repeats: u32,
    runs: Runs,
}

impl Turn {
    /// Starts a worker and warms it up.
    fn start(
        launcher: &Launcher,
        side: Side,
        row: &str,
        patience: &mut Patience<'_>,
    ) -> Result<Self> {
        let (mut worker, ready) = Worker::start(launcher, side, row, patience)?;
        let mut milliseconds = worker.run(1, patience)?;
        if milliseconds <= LONG_MS {
            milliseconds = worker.run(1, patience)?;
        }
        let repeats = (LEAST_MS / milliseconds).ceil().clamp(1.0, 1e6) as u32;
        Ok(Self { worker, repeats, runs: Runs { ready, ..Runs::default() } })
    }

    fn run(&mut self, patience: &mut Patience<'_>) -> Result<()> {
        self.runs.milliseconds.push(self.worker.run(self.repeats, patience)?);
        Ok(())
    }

    fn end(mut self, patience: &mut Patience<'_>) -> Result<Runs> {
        self.runs.peak_mib = self.worker.end(patience)?;
        Ok(self.runs)
    }
}

type Sides = (Launcher, Option<Launcher>, Option<Launcher>);

/// Measures one row; `tell` is given the share of it that is done.
fn one(
    row: &Row,
    (ours, peer, compiled): &Sides,
    pairs: usize,
    versions: &mut Versions,
    tell: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Measured> {
    let name = &row.name;
    let patience = &mut || tell(0.0);
    let mut ours = Turn::start(ours, Side::Ours, name, patience)?;
    let mut peer =
        peer.as_ref().map(|peer| Turn::start(peer, Side::Peer, name, patience)).transpose()?;
    if let Some(peer) = &peer {
        versions.learn(&peer.runs.ready);
        check_same(row, &ours, peer)?;
    }
    let compiled = compiled.as_ref().filter(|_| row.group.is_network());
    let mut compiled = compiled
        .map(|compiled| noted(Turn::start(compiled, Side::Compiled, name, patience)))
        .transpose()?;
    for pair in 0..pairs {
        let patience = &mut || tell(pair as f64 / pairs as f64);
        ours.run(patience)?;
        if let Some(peer) = &mut peer {
            peer.run(patience)?;
        }
        if let Some(Ok(turn)) = &mut compiled
            && let Err(reason) = noted(turn.run(patience))?
        {
            compiled = Some(Err(reason));
        }
    }
    let patience = &mut || tell(1.0);
    let compiled = match compiled {
        Some(Ok(turn)) => Some(noted(turn.end(patience))?),
        Some(Err(reason)) => Some(Err(reason)),
        None => None,
    };
    let peer = peer.map(|peer| peer.end(patience)).transpose()?;
    Ok(Measured::new(row, ours.end(patience)?, peer, compiled))
}

/// What stops the compiled peer is a remark, unless it is the user.
fn noted<T>(outcome: Result<T>) -> Result<std::result::Result<T, String>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(error @ Error::Interrupted { .. }) => Err(error),
        Err(error) => Ok(Err(error.to_string())),
    }
}

fn check_same(row: &Row, ours: &Turn, peer: &Turn) -> Result<()> {
    match (ours.runs.ready.parameters, peer.runs.ready.parameters) {
        (Some(ours), Some(peer)) if row.same_network && ours != peer => {
            Err(Error::Different { row: row.name.clone(), ours, peer })
        }
        _ => Ok(()),
    }
}
