//! `[samples]`: the contact sheets drawn during training.

use langevin_core::{AnySolver, Grid};
use serde::{Serialize, Serializer};

use super::source::{Source, Value, as_number, parsed};
use crate::Result;

/// Which weights the contact sheets show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The average, in `step-…-ema.png`.
    Ema,
    /// The newest weights too, in `step-…-raw.png`.
    Both,
}

/// How the contact sheets are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SamplesConfig {
    /// Pictures per sheet; with classes, picture `i` shows class `i mod classes`.
    pub count: usize,
    /// Steps of the solver.
    pub steps: usize,
    /// The solver.
    #[serde(serialize_with = "shown")]
    pub solver: AnySolver,
    /// The grid of levels.
    #[serde(serialize_with = "shown")]
    pub grid: Grid,
    /// Share of fresh noise per step.
    pub eta: f64,
    /// Classifier-free guidance; 1 is none.
    pub guidance: f64,
    /// Guidance counts only where `low < sigma/alpha ≤ high`.
    #[serde(serialize_with = "interval")]
    pub guidance_interval: [f64; 2],
    /// Seed of the first picture; the others count up from it.
    pub seed: u64,
    /// Which weights are shown.
    pub weights: Shown,
}

impl SamplesConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let at_least_0 = "0 or a positive number up to 100";
        let small = |v: f64| (0.0..=100.0).contains(&v);
        let weights = [("ema", Shown::Ema), ("both", Shown::Both)];
        Ok(Self {
            count: source.whole("samples.count", 20, 1..=10_000)? as usize,
            steps: source.whole("samples.steps", 20, 1..=10_000)? as usize,
            solver: parsed(source, "samples.solver", "the name of a solver")?
                .unwrap_or(AnySolver::Euler),
            grid: parsed(source, "samples.grid", "the name of a grid")?.unwrap_or(Grid::Uniform),
            eta: source
                .number("samples.eta", 0.0, "a number from 0 to 1", |v| (0.0..=1.0).contains(&v))?,
            guidance: source.number("samples.guidance", 2.0, at_least_0, small)?,
            guidance_interval: read_interval(source)?,
            seed: source.whole("samples.seed", 0, 0..=i64::MAX as u64)?,
            weights: source.choice("samples.weights", &weights)?.unwrap_or(Shown::Both),
        })
    }
}

fn read_interval(source: &mut Source) -> Result<[f64; 2]> {
    let Some(entry) = source.entry("samples.guidance_interval") else {
        return Ok([0.0, f64::INFINITY]);
    };
    let numbers = match &entry.value {
        Value::List(items) => items.iter().map(as_number).collect::<Option<Vec<f64>>>(),
        _ => None,
    };
    match numbers.as_deref() {
        Some(&[low]) if low >= 0.0 => Ok([low, f64::INFINITY]),
        Some(&[low, high]) if low >= 0.0 && high > low => Ok([low, high]),
        _ => Err(entry.refuse(
            "the lowest and the highest sigma/alpha with guidance, such as [0.3, 5.0], or the lowest alone",
        )),
    }
}

/// An interval without end is written by its start alone: configurations have no infinity.
fn interval<S: Serializer>(
    [low, high]: &[f64; 2],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    if high.is_finite() {
        [*low, *high].serialize(serializer)
    } else {
        [*low].serialize(serializer)
    }
}

fn shown<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
