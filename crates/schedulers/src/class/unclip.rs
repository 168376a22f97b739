//! `UnCLIPScheduler`: the posterior of DDPM on the cosine schedule, with a fixed variance.
//!
//! Known bug: unless the pipeline says otherwise, a step leads one training timestep down, however many are skipped;
//! the fixed mode goes to the next timestep of the list.

use super::ddpm::Posterior;
use super::discrete::{Timeline, call, clip, held};
use super::{Class, prediction};
use crate::alphas::{Betas, Curve, Terminal, alphas_cumprod, betas, train_timesteps};
use crate::process::Process;
use crate::{Call, Config, Method, Mode, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "UnCLIPScheduler",
    keys: &[&[
        "num_train_timesteps",
        "variance_type",
        "clip_sample",
        "clip_sample_range",
        "prediction_type",
        "beta_schedule",
    ]],
    plan,
    order: 1,
    process: Process::None,
};

const BETAS: Betas = Betas {
    schedule: "squaredcos_cap_v2",
    schedules: &[("squaredcos_cap_v2", Curve::Cosine)],
    ..Betas::DDPM
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample"])?;
    let estimate = clip(config, true)?;
    let learned = config.choice(
        "variance_type",
        "fixed_small_log",
        &[("fixed_small_log", false), ("learned_range", true)],
    )?;
    if request.steps < 2 {
        return Err(config.impossible("one step alone has no stride between timesteps"));
    }
    let stride = (train_timesteps(config, 1000)? as f64 - 1.0) / (request.steps as f64 - 1.0);
    let visited =
        (0..request.steps).rev().map(|k| (k as f64 * stride).round_ties_even() as i64).collect();
    let betas = betas(config, &BETAS)?;
    let bars = alphas_cumprod(config, &BETAS, Terminal::AsTrained)?;
    let line = Timeline::of(config, request, bars.into_iter().map(f64::from).collect(), visited)?;
    let mut calls = Vec::with_capacity(line.visited.len());
    for (index, &t) in line.visited.iter().enumerate() {
        if t > 0 && learned {
            return Err(config.impossible(
                "a learned variance needs a network that outputs it beside its prediction",
            ));
        }
        let previous = match request.mode {
            Mode::AsDiffusers => t - 1,
            Mode::Fixed => line.next(index),
        };
        let (now, to) = (line.bar(config, t)?, line.bar_or(config, previous, 1.0)?);
        let pair = (now as f32, to as f32);
        let posterior = if previous == t - 1 {
            let beta = betas[t as usize];
            Posterior::with_beta(pair, (beta, 1.0 - beta))
        } else {
            Posterior::new(pair.0, pair.1)
        };
        let step = call(t, now, (prediction, estimate), held(to), Method::Mix(posterior.mean));
        calls.push(if t > 0 { Call { added: posterior.small, draws: 1, ..step } } else { step });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Calls(calls),
    })
}
