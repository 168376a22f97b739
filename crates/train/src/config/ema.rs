//! `[ema]`: the average of the weights that is sampled and saved.

use serde::Serialize;

use super::source::Source;
use crate::Result;

/// The exponential moving average of the weights; see [`ema_decay`](crate::ema_decay).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EmaConfig {
    /// Share of the old average that remains after each step, in `[0, 1)`; 0 keeps the newest weights only.
    pub decay: f64,
    /// Lets the decay grow from 0.1 at the first step.
    pub warmup: bool,
}

impl EmaConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let unit = "a number from 0 up to, but not including, 1";
        Ok(Self {
            decay: source.number("ema.decay", 0.999, unit, |v| (0.0..1.0).contains(&v))?,
            warmup: source.flag("ema.warmup", true)?,
        })
    }
}
