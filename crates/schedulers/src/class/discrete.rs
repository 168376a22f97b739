//! What the classes with whole timesteps share: `alpha_bar` of each, which of them are visited, and how the clean
//! estimate is treated.

use langevin_core::{Level, Prediction};

use crate::alphas::{Betas, Terminal, alphas_cumprod, train_timesteps};
use crate::numpy::{arange_down, linspace};
use crate::spacing::Spacing;
use crate::{Call, Config, Estimate, Keep, Method, Mode, Request, Result};

/// The training timesteps and those that are visited, noisiest first.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// `alphas_cumprod`; float32 numbers, but for the classes that keep float64.
    pub(super) bars: Vec<f64>,
    /// `num_train_timesteps`.
    pub(super) total: usize,
    /// Visited timesteps.
    pub(super) visited: Vec<i64>,
    /// `total // steps`.
    pub(super) stride: i64,
}

impl Timeline {
    /// The timeline of a configuration.
    pub(super) fn new(
        config: &Config,
        request: &Request,
        (defaults, terminal): (&Betas, Terminal),
    ) -> Result<Self> {
        let bars = alphas_cumprod(config, defaults, terminal)?;
        let visited = visited(config, Spacing::of(config, "leading")?, request.steps)?;
        Self::of(config, request, bars.into_iter().map(f64::from).collect(), visited)
    }

    /// The timeline of these `alphas_cumprod`.
    pub(super) fn of(
        config: &Config,
        request: &Request,
        bars: Vec<f64>,
        visited: Vec<i64>,
    ) -> Result<Self> {
        let total = train_timesteps(config, 1000)?;
        Ok(Self { bars, total, visited, stride: (total / request.steps) as i64 })
    }

    /// `alpha_bar` at a timestep; negative ones count from the end, as in Python.
    pub(super) fn bar(&self, config: &Config, t: i64) -> Result<f64> {
        let count = self.bars.len() as i64;
        let index = if t < 0 { t + count } else { t };
        usize::try_from(index).ok().and_then(|index| self.bars.get(index).copied()).ok_or_else(
            || config.impossible(format!("timestep {t} lies outside its {count} timesteps")),
        )
    }

    /// `alpha_bar` at a timestep, or `end` before the first.
    pub(super) fn bar_or(&self, config: &Config, t: i64, end: f64) -> Result<f64> {
        if t >= 0 { self.bar(config, t) } else { Ok(end) }
    }

    /// `alpha_bar` where the way ends: 1, or that of timestep 0.
    pub(super) fn end(&self, config: &Config, to_one: bool) -> Result<f64> {
        Ok(if config.flag("set_alpha_to_one", to_one)? { 1.0 } else { self.bars[0] })
    }

    /// The timestep that step `index` leads to: one stride down, whatever the list says; in the fixed mode the next of
    /// the list.
    pub(super) fn previous(&self, index: usize, mode: Mode) -> i64 {
        match mode {
            Mode::AsDiffusers => self.visited[index] - self.stride,
            Mode::Fixed => self.next(index),
        }
    }

    /// The next timestep of the list, −1 after the last.
    pub(super) fn next(&self, index: usize) -> i64 {
        self.visited.get(index + 1).copied().unwrap_or(-1)
    }

    /// The visited timesteps as numbers.
    pub(super) fn timesteps(&self) -> Vec<f64> {
        self.visited.iter().map(|&t| t as f64).collect()
    }
}

/// The visited timesteps, at most as many as there are.
pub(super) fn visited(config: &Config, spacing: Spacing, steps: usize) -> Result<Vec<i64>> {
    at_most(config, steps, train_timesteps(config, 1000)?)?;
    any_count(config, spacing, steps)
}

/// The visited timesteps, however many; those that rounding takes below 0 included.
pub(super) fn any_count(config: &Config, spacing: Spacing, steps: usize) -> Result<Vec<i64>> {
    let total = train_timesteps(config, 1000)?;
    let offset: i64 = config.get("steps_offset", 0)?;
    let whole = |t: f64| t.round_ties_even() as i64;
    Ok(match spacing {
        Spacing::Linspace => {
            linspace(0.0, total as f64 - 1.0, steps).into_iter().rev().map(whole).collect()
        }
        Spacing::Leading => {
            let stride = (total / steps) as i64;
            (0..steps as i64).rev().map(|k| k * stride + offset).collect()
        }
        Spacing::Trailing => arange_down(total as f64, total as f64 / steps as f64)
            .into_iter()
            .map(|t| whole(t) - 1)
            .collect(),
    })
}

/// Refuses more steps than there are timesteps.
pub(super) fn at_most(config: &Config, steps: usize, total: usize) -> Result<()> {
    if steps <= total {
        return Ok(());
    }
    Err(config.impossible(format!("{steps} steps are more than its {total} training timesteps")))
}

/// What the configuration says about the clean estimate.
pub(super) fn estimate(config: &Config, clipped: bool) -> Result<Estimate> {
    if config.flag("thresholding", false)? {
        let ratio = config.get("dynamic_thresholding_ratio", 0.995)?;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(config.refuse("dynamic_thresholding_ratio", ratio, "from 0 to 1"));
        }
        return Ok(Estimate::Threshold { ratio, max: config.get("sample_max_value", 1.0)? });
    }
    clip(config, clipped)
}

/// The same for classes that only clip.
pub(super) fn clip(config: &Config, clipped: bool) -> Result<Estimate> {
    if config.flag("clip_sample", clipped)? {
        return Ok(Estimate::Clip { range: config.get("clip_sample_range", 1.0)? });
    }
    Ok(Estimate::Plain)
}

/// The level of a float32 `alpha_bar`, its two scales rounded to float32.
pub(super) fn held(bar: f64) -> Level {
    let bar = bar as f32;
    Level::new(f64::from(bar.sqrt()), f64::from((1.0 - bar).sqrt()))
}

/// A call at `alpha_bar`: the network sees the exact level, the step takes the rounded one.
pub(super) fn call(
    t: i64,
    bar: f64,
    (prediction, estimate): (Prediction, Estimate),
    to: Level,
    method: Method,
) -> Call {
    Call {
        seen: Level::from_alpha_bar(bar),
        estimate,
        ..Call::new(t as f64, prediction, held(bar), to, method)
    }
}

/// The same call where a changed estimate leaves the noise as the network sees it.
pub(super) fn keeping_noise(call: Call) -> Call {
    Call { keep: Keep::Noise, ..call }
}
