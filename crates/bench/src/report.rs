//! What was measured, in the form that programs read.

use serde::{Serialize, Serializer};

use crate::ready::Ready;
use crate::{Cost, Group, Row, median};

/// Where and how it was measured; the caller knows.
#[derive(Clone, Debug, Serialize)]
pub struct Conditions {
    /// The machine in words.
    pub machine: String,
    /// The day, `YYYY-MM-DD`.
    pub date: String,
    /// Threads of each side.
    pub threads: usize,
    /// The command that repeats it.
    pub command: String,
}

/// A finished bench.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where and how.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// Runs of each side that count, in turns.
    pub pairs: usize,
    /// Versions of the peer's parts.
    pub versions: Versions,
    /// The best rate of a 1024³ matrix product in single precision, where an operation was measured.
    pub matmul_gflops: Option<MatmulRate>,
    /// One for each row.
    pub rows: Vec<Measured>,
}

/// Versions of the peer's parts, as far as they took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// Python.
    pub python: Option<String>,
    /// PyTorch.
    pub torch: Option<String>,
    /// diffusers.
    pub diffusers: Option<String>,
}

impl Versions {
    /// Adds what a worker tells of itself.
    pub(crate) fn learn(&mut self, ready: &Ready) {
        let Ready { python, torch, diffusers, .. } = ready.clone();
        self.python = python.or(self.python.take());
        self.torch = torch.or(self.torch.take());
        self.diffusers = diffusers.or(self.diffusers.take());
    }
}

/// Each side's best rate, in 10⁹ operations a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MatmulRate {
    /// Ours.
    pub ours: f64,
    /// The peer's.
    pub peer: Option<f64>,
}

impl MatmulRate {
    /// The better of the two: what the machine can do.
    pub fn best(self) -> f64 {
        self.peer.map_or(self.ours, |peer| peer.max(self.ours))
    }
}

/// One row's numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The row.
    pub name: String,
    /// Its kind.
    #[serde(skip)]
    pub group: Group,
    /// Median milliseconds of ours.
    pub ours_ms: f64,
    /// Median milliseconds of the peer.
    pub peer_ms: Option<f64>,
    /// `peer_ms ÷ ours_ms`.
    pub ratio: Option<f64>,
    /// Peak resident memory of our process, in MiB.
    pub ours_mib: Option<f64>,
    /// Peak resident memory of the peer's process, in MiB.
    pub peer_mib: Option<f64>,
    /// The smallest and the largest ratio of a single pair.
    pub pair_ratios: Option<[f64; 2]>,
    /// Median milliseconds of the compiled peer.
    pub peer_compiled_ms: Option<f64>,
    /// Why there is none although it was asked for.
    pub peer_compiled_error: Option<String>,
    /// Memory of our process before the row was set up, in MiB.
    pub ours_start_mib: Option<f64>,
    /// Memory of the peer's process with its libraries, before the row was set up, in MiB.
    pub peer_start_mib: Option<f64>,
    /// Our network's parameters.
    pub ours_parameters: Option<usize>,
    /// The peer's network's parameters.
    pub peer_parameters: Option<usize>,
    /// Our rate in 10⁹ operations a second, by the count of the direct algorithm.
    pub gflops: Option<f64>,
    /// Our rate in 10⁹ bytes a second, for operations that memory bounds.
    pub gigabytes_per_second: Option<f64>,
    /// `gflops` ÷ the machine's measured rate of matrix products.
    pub share_of_matmul: Option<f64>,
    /// Our milliseconds, run by run.
    #[serde(serialize_with = "rounded")]
    pub ours_runs_ms: Vec<f64>,
    /// The peer's milliseconds, run by run.
    #[serde(serialize_with = "rounded")]
    pub peer_runs_ms: Vec<f64>,
}

/// What one side did for a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    pub(crate) ready: Ready,
    pub(crate) milliseconds: Vec<f64>,
    pub(crate) peak_mib: Option<f64>,
}

impl Measured {
    pub(crate) fn new(
        row: &Row,
        ours: Runs,
        peer: Option<Runs>,
        compiled: Option<Result<Runs, String>>,
    ) -> Self {
        let ours_ms = median(&ours.milliseconds);
        let peer_ms = peer.as_ref().map(|peer| median(&peer.milliseconds));
        let pair_ratios = peer.as_ref().map(|peer| {
            let ratios = peer.milliseconds.iter().zip(&ours.milliseconds).map(|(p, o)| p / o);
            ratios.fold([f64::INFINITY, 0.0], |[low, high], r| [low.min(r), high.max(r)])
        });
        let rate = |n: f64| n / ours_ms / 1e6;
        let (gflops, gigabytes_per_second) = match row.cost {
            Some(Cost::Flops(n)) => (Some(rate(n)), None),
            Some(Cost::Bytes(n)) => (None, Some(rate(n))),
            None => (None, None),
        };
        let (compiled, peer_compiled_error) = match compiled {
            Some(Ok(runs)) => (Some(runs), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        let peer = peer.unwrap_or_default();
        Self {
            name: row.name.clone(),
            group: row.group,
            ours_ms,
            peer_ms,
            ratio: peer_ms.map(|peer_ms| peer_ms / ours_ms),
            ours_mib: ours.peak_mib,
            peer_mib: peer.peak_mib,
            pair_ratios,
            peer_compiled_ms: compiled.map(|runs| median(&runs.milliseconds)),
            peer_compiled_error,
            ours_start_mib: ours.ready.resident_mib,
            peer_start_mib: peer.ready.resident_mib,
            ours_parameters: ours.ready.parameters,
            peer_parameters: peer.ready.parameters,
            gflops,
            gigabytes_per_second,
            share_of_matmul: None,
            ours_runs_ms: ours.milliseconds,
            peer_runs_ms: peer.milliseconds,
        }
    }
}

/// Microseconds are enough for the single runs.
fn rounded<S: Serializer>(milliseconds: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(milliseconds.iter().map(|ms| (ms * 1e3).round() / 1e3))
}
