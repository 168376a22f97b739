//! `[run]`: how long to train, on what batches, and what to write on the way.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::interval::Interval;
use super::source::{Place, Source};
use crate::{Error, Result};

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// After so many optimiser steps; such a run can be repeated and resumed bit for bit.
    Steps(u64),
    /// After so many minutes of wall-clock time; the learning rate then follows the time used.
    Minutes(f64),
}

/// How long to train, on what batches, and what to write on the way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunConfig {
    /// `steps = …` or `minutes = …`.
    #[serde(flatten)]
    pub length: Length,
    /// Images per forward pass; one optimiser step sees `batch · accumulation` of them.
    pub batch: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Probability of replacing a label by the null class, which guidance needs.
    pub class_dropout: f64,
    /// Between checkpoints; one is always written at the end.
    pub checkpoint_every: Interval,
    /// Checkpoints that stay on disk.
    pub keep: usize,
    /// Between contact sheets; drawn at the end too, unless it is never.
    pub sample_every: Interval,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
}

impl RunConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let probability = "a probability from 0 to 1";
        Ok(Self {
            length: length(source)?,
            batch: source.whole("run.batch", 64, 1..=65_536)? as usize,
            seed: source.whole("run.seed", 0, 0..=i64::MAX as u64)?,
            class_dropout: source
                .number("run.class_dropout", 0.1, probability, |v| (0.0..=1.0).contains(&v))?,
            checkpoint_every: Interval::read(source, "run.checkpoint_every", Interval::Steps(500))?,
            keep: source.whole("run.keep", 3, 1..=1_000_000)? as usize,
            sample_every: Interval::read(source, "run.sample_every", Interval::Steps(500))?,
            log_every: source.whole("run.log_every", 10, 1..=1_000_000)?,
        })
    }
}

fn length(source: &mut Source) -> Result<Length> {
    let place = |s: &mut Source, key| s.entry(key).map(|e| e.place);
    let steps = Length::Steps(source.whole("run.steps", 10_000, 1..=1_000_000_000_000)?);
    let minutes = "a positive number of minutes, at most a year's";
    let minutes =
        Length::Minutes(source.number("run.minutes", 1.0, minutes, |v| v > 0.0 && v <= 525_600.0)?);
    match (place(source, "run.steps"), place(source, "run.minutes")) {
        (_, None) | (Some(Place::Override), Some(Place::Line(_))) => Ok(steps),
        (None, Some(_)) | (Some(Place::Line(_)), Some(Place::Override)) => Ok(minutes),
        (Some(_), Some(place)) => Err(Error::Meaning(format!(
            "run.steps and run.minutes ({place}) both say when to stop; keep one"
        ))),
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Steps(steps) => map.serialize_entry("steps", steps)?,
            Self::Minutes(minutes) => map.serialize_entry("minutes", minutes)?,
        }
        map.end()
    }
}
