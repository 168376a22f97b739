//! `[optimiser]`: AdamW, its learning rate and the clipping of gradients.

use serde::Serialize;

use super::source::{Source, Value, as_number};
use crate::Result;

/// How the learning rate falls after warm-up; see [`learning_rate`](crate::learning_rate()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// Stays at `lr`.
    None,
    /// Half a cosine from `lr` to `final_ratio · lr`.
    Cosine,
}

/// AdamW's settings. The defaults of `lr`, `betas`, `eps` and `weight_decay` are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OptimiserConfig {
    /// Learning rate after warm-up and before decay.
    pub lr: f64,
    /// Decay rates of the first and second moment.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Decoupled weight decay, multiplied by the learning rate.
    pub weight_decay: f64,
    /// Steps over which the learning rate rises linearly to `lr`.
    pub warmup_steps: u64,
    /// The fall of the learning rate.
    pub decay: Decay,
    /// Learning rate at the end of the run as a share of `lr`.
    pub final_ratio: f64,
    /// Largest allowed norm of the whole gradient; 0 means none.
    pub clip: f64,
    /// Batches whose gradients are averaged for one step.
    pub accumulation: u64,
}

impl Default for OptimiserConfig {
    /// PyTorch's AdamW at a constant learning rate, clipped at norm 1.
    fn default() -> Self {
        Self {
            lr: 1e-3,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.01,
            warmup_steps: 0,
            decay: Decay::None,
            final_ratio: 0.0,
            clip: 1.0,
            accumulation: 1,
        }
    }
}

impl OptimiserConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let default = Self::default();
        let at_least_0 = "0 or a positive number";
        let share = "a number from 0 to 1";
        let decays = [("none", Decay::None), ("cosine", Decay::Cosine)];
        Ok(Self {
            lr: source.number("optimiser.lr", default.lr, "a positive number up to 10", |v| {
                v > 0.0 && v <= 10.0
            })?,
            betas: betas(source, default.betas)?,
            eps: source.number("optimiser.eps", default.eps, "a positive number", |v| v > 0.0)?,
            weight_decay: source.number(
                "optimiser.weight_decay",
                default.weight_decay,
                at_least_0,
                |v| v >= 0.0,
            )?,
            warmup_steps: source.whole(
                "optimiser.warmup_steps",
                default.warmup_steps,
                0..=1_000_000_000,
            )?,
            decay: source.choice("optimiser.decay", &decays)?.unwrap_or(default.decay),
            final_ratio: source
                .number("optimiser.final_ratio", 0.0, share, |v| (0.0..=1.0).contains(&v))?,
            clip: source.number("optimiser.clip", default.clip, at_least_0, |v| v >= 0.0)?,
            accumulation: source.whole(
                "optimiser.accumulation",
                default.accumulation,
                1..=65_536,
            )?,
        })
    }
}

fn betas(source: &mut Source, default: [f64; 2]) -> Result<[f64; 2]> {
    let Some(entry) = source.entry("optimiser.betas") else { return Ok(default) };
    let pair = match &entry.value {
        Value::List(items) => items.iter().map(as_number).collect::<Option<Vec<f64>>>(),
        _ => None,
    };
    match pair.as_deref() {
        Some(&[first, second]) if [first, second].iter().all(|b| (0.0..1.0).contains(b)) => {
            Ok([first, second])
        }
        _ => {
            Err(entry
                .refuse("two numbers from 0 up to, but not including, 1, such as [0.9, 0.999]"))
        }
    }
}
