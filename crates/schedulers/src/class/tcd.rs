//! `TCDScheduler`: strategic stochastic sampling of trajectory consistency distillation (Zheng et al. 2024, algorithm 4).
//!
//! A DDIM step to timestep `s = ⌊(1 − eta) · t'⌋` below the next timestep `t'`, then noise back up to `t'`.
//! `clip_sample`, `thresholding` and `timestep_scaling` have no effect.

use langevin_core::Level;

use super::discrete::{call, held};
use super::{Class, lcm, prediction};
use crate::alphas::Terminal;
use crate::numpy::to_f32;
use crate::process::Process;
use crate::{Call, Config, Estimate, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "TCDScheduler",
    keys: lcm::KEYS,
    plan,
    order: 1,
    process: Process::Betas(&lcm::BETAS, Terminal::Zero),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let eta = request.eta.unwrap_or(0.3);
    if !(0.0..=1.0).contains(&eta) {
        return Err(config.impossible(format!("eta is {eta}, but must be from 0 to 1")));
    }
    let line = lcm::distilled(config, request)?;
    let last = line.visited.len() - 1;
    let mut calls = Vec::with_capacity(line.visited.len());
    for (index, &t) in line.visited.iter().enumerate() {
        let next = if index == last { 0 } else { line.next(index) };
        let below = to_f32(to_f32(1.0 - eta) * next as f64).floor() as i64;
        let (now, to, down) =
            (line.bar(config, t)?, line.bar(config, next)? as f32, line.bar(config, below)?);
        let reached = held(down);
        let step = |to| call(t, now, (prediction, Estimate::Plain), to, Method::Euler);
        calls.push(if eta > 0.0 && index != last {
            let kept = to / down as f32;
            let scale = f64::from(kept.sqrt());
            let reached = Level::new(scale * reached.alpha, scale * reached.sigma);
            Call { added: f64::from((1.0 - kept).sqrt()), draws: 1, ..step(reached) }
        } else {
            step(reached)
        });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Calls(calls),
    })
}
