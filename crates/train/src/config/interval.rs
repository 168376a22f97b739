//! How often something happens during a run: every so many steps, every so many seconds, or never.

use serde::{Serialize, Serializer};

use super::source::{Source, Value};
use crate::Result;

const EXPECTED: &str =
    "a number of steps, a time such as \"45s\", \"10m\" or \"1h\", or 0 for never";

/// How often something happens during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interval {
    /// Not at all, except where the end of the run asks for it.
    Never,
    /// After every so many steps, at least 1.
    Steps(u64),
    /// Whenever so many seconds have passed since it last happened.
    Seconds(f64),
}

impl Interval {
    /// Whether it happens after `step` steps, when `waited` seconds have passed since it last happened.
    pub fn due(self, step: u64, waited: f64) -> bool {
        match self {
            Self::Never => false,
            Self::Steps(every) => step.is_multiple_of(every),
            Self::Seconds(every) => waited >= every,
        }
    }

    pub(super) fn read(source: &mut Source, key: &str, default: Self) -> Result<Self> {
        let Some(entry) = source.entry(key) else { return Ok(default) };
        let interval = match &entry.value {
            Value::Text(text) => seconds(text),
            value => {
                super::source::as_whole(value).filter(|&v| v <= 1_000_000_000).map(Self::of_steps)
            }
        };
        interval.ok_or_else(|| entry.refuse(EXPECTED))
    }

    fn of_steps(every: u64) -> Self {
        if every == 0 { Self::Never } else { Self::Steps(every) }
    }
}

fn seconds(text: &str) -> Option<Interval> {
    let text = text.trim();
    let unit = text.strip_suffix(['s', 'm', 'h'])?;
    let scale = match text.as_bytes().last()? {
        b's' => 1.0,
        b'm' => 60.0,
        _ => 3600.0,
    };
    let seconds = scale * unit.trim().parse::<f64>().ok()?;
    (seconds > 0.0 && seconds < 1e9).then_some(Interval::Seconds(seconds))
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_u64(0),
            Self::Steps(every) => serializer.serialize_u64(*every),
            Self::Seconds(every) => serializer.collect_str(&format_args!("{every}s")),
        }
    }
}
