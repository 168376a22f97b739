//! What the DPM-Solver family shares: whole timesteps, levels as `sigma/alpha` of a variance-preserving process or as
//! `sigma` of a flow, and a state that the network sees as it is.

use langevin_core::solver::Form;
use langevin_core::{Level, Prediction};

use crate::alphas::{Betas, Terminal, alphas_cumprod, train_timesteps};
use crate::numpy::{interpolate, linspace, to_f32};
use crate::numpy_log::log;
use crate::sigmas::{self, Ladder, ratios, variance_preserving};
use crate::single;
use crate::spacing::{Spacing, whole};
use crate::torch_sqrt::sqrt;
use crate::{Call, Config, Estimate, Method, Request, Result};

/// Keys of the family's methods.
pub(super) const DPM_KEYS: &[&str] =
    &["solver_order", "algorithm_type", "solver_type", "lower_order_final", "variance_type"];

/// Keys of the levels of a flow.
pub(super) const FLOW_KEYS: &[&str] =
    &["use_flow_sigmas", "flow_shift", "use_dynamic_shifting", "time_shift_type"];

/// Timesteps and levels of a way, the level at its end included.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) timesteps: Vec<f64>,
    pub(super) sigmas: Vec<f64>,
    pub(super) flow: bool,
}

/// The levels of training, and how a configuration spaces its way through them.
#[derive(Clone, Debug)]
pub(super) struct Training {
    /// `alpha_bar` of each timestep.
    pub(super) bars: Vec<f32>,
    /// `sigma/alpha` of each timestep.
    pub(super) table: Vec<f32>,
    /// How many timesteps there are.
    pub(super) total: usize,
    /// Which switch is on.
    pub(super) ladder: Ladder,
    /// Whether `use_flow_sigmas` is on.
    pub(super) flow: bool,
}

impl Training {
    pub(super) fn new(config: &Config, terminal: Terminal) -> Result<Self> {
        let bars = alphas_cumprod(config, &Betas::DDPM, terminal)?;
        Ok(Self {
            table: ratios(&bars),
            bars,
            total: train_timesteps(config, 1000)?,
            ladder: Ladder::of(config)?,
            flow: config.flag("use_flow_sigmas", false)?,
        })
    }

    /// How many of the noisiest timesteps `lambda_min_clipped` cuts off: those with a smaller `ln(alpha/sigma)`.
    pub(super) fn clipped(&self, config: &Config) -> Result<usize> {
        let least: f64 = config.get("lambda_min_clipped", f64::NEG_INFINITY)?;
        let below = |bar: &&f32| {
            let lambda = sqrt(**bar).ln() - sqrt(1.0 - **bar).ln();
            f64::from(lambda) < least
        };
        Ok(self.bars.iter().rev().take_while(below).count())
    }

    /// Whole timesteps with the configuration's spacing, of which the clipped ones are left out.
    pub(super) fn spaced(&self, config: &Config, request: &Request) -> Result<Vec<f64>> {
        let spacing = Spacing::of(config, "linspace")?;
        let last = self.total.saturating_sub(self.clipped(config)?);
        whole(config, spacing, (self.total, last), request.steps)
    }

    /// The levels at timesteps.
    pub(super) fn at(&self, timesteps: &[f64]) -> Vec<f64> {
        timesteps.iter().map(|t| interpolate(*t, &self.table)).collect()
    }

    /// The levels of the switch that is on, and their fractional timesteps.
    pub(super) fn ladder(&self, config: &Config, steps: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let (least, most) = (self.least(), f64::from(self.table[self.table.len() - 1]));
        let sigmas = self.ladder.levels(config, (most, least), steps)?;
        let timesteps = self.timesteps(&sigmas);
        Ok((sigmas, timesteps))
    }

    /// The fractional timesteps of levels.
    pub(super) fn timesteps(&self, sigmas: &[f64]) -> Vec<f64> {
        let logs: Vec<f32> = self.table.iter().map(|sigma| log(*sigma)).collect();
        sigmas.iter().map(|sigma| sigmas::timestep(*sigma, &logs)).collect()
    }

    /// The level of the first timestep.
    pub(super) fn least(&self) -> f64 {
        f64::from(self.table[0])
    }

    /// Levels of a shifted flow, from the noisiest that is not pure noise, and their timesteps.
    pub(super) fn flow_levels(
        &self,
        config: &Config,
        steps: usize,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let shift: f64 = config.get("flow_shift", 1.0)?;
        let mut sigmas: Vec<f64> = linspace(1.0, 1.0 / self.total as f64, steps + 1)
            .into_iter()
            .map(|alpha| 1.0 - alpha)
            .map(|sigma| shift * sigma / (1.0 + (shift - 1.0) * sigma))
            .collect();
        sigmas.reverse();
        sigmas.pop();
        let timesteps = sigmas.iter().map(|sigma| sigma * self.total as f64).collect();
        Ok((sigmas, timesteps))
    }
}

impl Way {
    /// Levels rounded to float32, timesteps cut to whole numbers, as diffusers keeps them.
    pub(super) fn new(timesteps: Vec<f64>, mut sigmas: Vec<f64>, last: f64, flow: bool) -> Self {
        sigmas.push(last);
        Self {
            timesteps: timesteps.into_iter().map(f64::trunc).collect(),
            sigmas: sigmas.into_iter().map(to_f32).collect(),
            flow,
        }
    }

    /// Number of calls.
    pub(super) fn len(&self) -> usize {
        self.timesteps.len()
    }

    /// The level with this index.
    pub(super) fn level(&self, index: usize) -> Level {
        let sigma = self.sigmas[index];
        if self.flow { Level::new(1.0 - sigma, sigma) } else { variance_preserving(sigma) }
    }

    /// The levels at this index and before it, as many as count, in float32.
    pub(super) fn single(&self, index: usize, count: usize) -> Vec<single::Level> {
        let level = |i: usize| {
            let sigma = self.sigmas[i] as f32;
            if self.flow {
                single::Level { alpha: 1.0 - sigma, sigma }
            } else {
                single::Level::variance_preserving(sigma)
            }
        };
        (0..count).map(|back| level(index - back)).collect()
    }

    /// The call at this index, read as the family reads outputs.
    pub(super) fn call(&self, index: usize, reading: Reading, method: Method) -> Call {
        let (from, to) = (self.level(index), self.level(index + 1));
        let call = Call::new(self.timesteps[index], reading.prediction, from, to, method);
        let reading_of = reading.coefficients(from, self.sigmas[index]);
        let (estimate, channels) = (reading.estimate, reading.channels);
        Call { reading: reading_of, estimate, channels, ..call }
    }
}

/// How outputs become estimates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) prediction: Prediction,
    pub(super) form: Form,
    pub(super) estimate: Estimate,
    /// The channels that are left of an output with learned variances.
    pub(super) channels: Option<usize>,
}

impl Reading {
    /// The prediction, of which the noise form does not read the flow's.
    pub(super) fn of(config: &Config, form: Form) -> Result<Self> {
        let names = ["epsilon", "sample", "v_prediction", "flow_prediction"];
        let known = if form == Form::Data { &names[..] } else { &names[..3] };
        let prediction = super::prediction(config, known)?;
        let variance: Option<String> = config.optional("variance_type")?;
        let learned = matches!(variance.as_deref(), Some("learned" | "learned_range"));
        let channels = (learned && prediction == Prediction::Noise).then_some(3);
        Ok(Self { prediction, form, estimate: threshold(config)?, channels })
    }

    /// `(p, q)` of `clean = p · x + q · output`, as the family has it whatever the level.
    ///
    /// It reads `v` as if `alpha² + sigma²` were 1, and a flow's velocity as if `alpha` were `1 − sigma`, with the
    /// number that stands in its list.
    fn coefficients(self, level: Level, sigma: f64) -> (f64, f64) {
        let Level { alpha, sigma: noise } = level;
        if self.prediction == Prediction::Flow {
            return (1.0, -sigma);
        }
        if self.prediction == Prediction::V {
            // In noise form it is the noise that is alpha · output + sigma · x.
            let on_x = if self.form == Form::Data { alpha } else { (1.0 - noise * noise) / alpha };
            return (on_x, -noise);
        }
        self.prediction.clean(level)
    }
}

/// Dynamic thresholding, if it is on.
pub(super) fn threshold(config: &Config) -> Result<Estimate> {
    if !config.flag("thresholding", false)? {
        return Ok(Estimate::Plain);
    }
    let ratio: f64 = config.get("dynamic_thresholding_ratio", 0.995)?;
    if !(0.0..=1.0).contains(&ratio) {
        return Err(config.refuse("dynamic_thresholding_ratio", ratio, "from 0 to 1"));
    }
    Ok(Estimate::Threshold { ratio, max: config.get("sample_max_value", 1.0)? })
}
