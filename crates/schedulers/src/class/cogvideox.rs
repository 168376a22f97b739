//! `CogVideoXDDIMScheduler` and `CogVideoXDPMScheduler`: DDIM without noise and SDE-DPM-Solver++(2M) on levels whose
//! signal-to-noise ratio is divided by `snr_shift_scale`: `ᾱ' = ᾱ/(s + (1 − s) · ᾱ)`.
//!
//! Neither clips, nor do they take `eta`. The DPM scheduler draws noise twice from the second step on and uses the
//! second draw.

use langevin_core::solver::posterior_noise;
use langevin_core::{Level, Prediction};

use super::discrete::{Timeline, visited};
use super::{BETA_KEYS, Class, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Curve, Terminal, betas, cumprod, without_signal};
use crate::process::Process;
use crate::spacing::Spacing;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

const KEYS: &[&[&str]] = &[
    BETA_KEYS,
    SPACING_KEYS,
    &[
        "clip_sample",
        "clip_sample_range",
        "sample_max_value",
        "set_alpha_to_one",
        "rescale_betas_zero_snr",
        "snr_shift_scale",
    ],
];

pub(super) const DDIM: Class = Class {
    name: "CogVideoXDDIMScheduler",
    keys: KEYS,
    plan: ddim,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::Zero),
};
pub(super) const DPM: Class = Class {
    name: "CogVideoXDPMScheduler",
    keys: KEYS,
    plan: dpm,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::Zero),
};

const BETAS: Betas = super::lcm::BETAS;

/// The way that both classes go.
struct Way {
    prediction: Prediction,
    line: Timeline,
    end: f64,
}

impl Way {
    fn new(config: &Config, request: &Request) -> Result<Self> {
        let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
        let order = visited(config, Spacing::of(config, "leading")?, request.steps)?;
        let line = Timeline::of(config, request, bars(config)?, order)?;
        let end = line.end(config, true)?;
        Ok(Self { prediction, line, end })
    }

    fn call(&self, config: &Config, index: usize, request: &Request) -> Result<(Call, i64)> {
        let t = self.line.visited[index];
        let previous = self.line.previous(index, request.mode);
        let now = self.line.bar(config, t)?;
        let to = self.line.bar_or(config, previous, self.end)?;
        let [from, to] = [now, to].map(Level::from_alpha_bar);
        let exact = Call::new(t as f64, self.prediction, from, to, Method::Euler);
        Ok((exact, previous))
    }

    fn plan(self, calls: Vec<Call>) -> Plan {
        Plan {
            timesteps: self.line.timesteps(),
            sigmas: None,
            init_noise_sigma: 1.0,
            prediction: self.prediction,
            path: Path::Calls(calls),
        }
    }
}

fn ddim(config: &Config, request: &Request) -> Result<Plan> {
    let way = Way::new(config, request)?;
    let calls = (0..way.line.visited.len()).map(|index| Ok(way.call(config, index, request)?.0));
    let calls = calls.collect::<Result<_>>()?;
    Ok(way.plan(calls))
}

fn dpm(config: &Config, request: &Request) -> Result<Plan> {
    let way = Way::new(config, request)?;
    let calls = (0..way.line.visited.len()).map(|index| {
        let (call, previous) = way.call(config, index, request)?;
        let noise = posterior_noise(call.from, call.to, 1.0);
        let call = call.with_noise(noise);
        Ok(if request.made(index) == 0 || previous < 0 {
            call
        } else {
            Call { method: Method::Dpm2M, draws: 2, ..call }
        })
    });
    let calls = calls.collect::<Result<_>>()?;
    Ok(way.plan(calls))
}

/// `alphas_cumprod`, in float64 where the betas are: `scaled_linear` alone.
fn bars(config: &Config) -> Result<Vec<f64>> {
    let scale: f64 = config.get("snr_shift_scale", 3.0)?;
    let curve = config.choice("beta_schedule", BETAS.schedule, BETAS.schedules)?;
    let trained = config.optional::<Vec<f64>>("trained_betas")?.is_some();
    let rescale = config.flag("rescale_betas_zero_snr", false)?;
    let bars: Vec<f64> = if trained || curve != Curve::Scaled {
        let factors = betas(config, &BETAS)?.into_iter().map(|beta| 1.0 - beta);
        let shifted = |bar: f32| bar / (scale as f32 + (1.0 - scale) as f32 * bar);
        let bars: Vec<f32> = cumprod(factors).into_iter().map(shifted).collect();
        let bars = if rescale { without_signal(&bars) } else { bars };
        bars.into_iter().map(f64::from).collect()
    } else {
        let product = |product: &mut f64, beta: f64| {
            *product *= 1.0 - beta;
            Some(*product / (scale + (1.0 - scale) * *product))
        };
        let bars: Vec<f64> = scaled_linear(config)?.into_iter().scan(1.0, product).collect();
        if rescale { rescaled(&bars) } else { bars }
    };
    match bars.iter().find(|bar| !(0.0..=1.0).contains(*bar)) {
        Some(bar) => Err(config.impossible(format!("its alpha_bar reaches {bar}"))),
        None => Ok(bars),
    }
}

fn scaled_linear(config: &Config) -> Result<Vec<f64>> {
    let start: f64 = config.get("beta_start", BETAS.start)?;
    let end: f64 = config.get("beta_end", BETAS.end)?;
    let count = crate::alphas::train_timesteps(config, 1000)?;
    let (start, end) = (start.sqrt(), end.sqrt());
    let step = (end - start) / (count.max(2) - 1) as f64;
    let root = |i: usize| {
        if i < count.div_ceil(2) {
            start + step * i as f64
        } else {
            end - step * (count - 1 - i) as f64
        }
    };
    Ok((0..count).map(|i| root(i).powi(2)).collect())
}

/// Roots of `alpha_bar` shifted to end at 0 and scaled to start where they did.
fn rescaled(bars: &[f64]) -> Vec<f64> {
    let roots: Vec<f64> = bars.iter().map(|bar| bar.sqrt()).collect();
    let (first, last) = (roots[0], roots[roots.len() - 1]);
    roots.iter().map(|root| ((root - last) * first / (first - last)).powi(2)).collect()
}
