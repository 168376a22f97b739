//! `DDIMScheduler` and `DDIMParallelScheduler`: Song et al. 2021 (DDIM), eq. 12 and 16.
//!
//! A clipped estimate is mixed with the network's own noise, so the state that the step starts from moves with it.
//!
//! Known bug: a step leads one stride of `T // n` down, not to the next timestep of the list, which is another one where
//! the spacing is uneven (diffusers issues 9261, 11347, 12633); the fixed mode goes to the next timestep.

use langevin_core::Level;

use super::discrete::{Timeline, call, estimate, held, keeping_noise};
use super::{BETA_KEYS, Class, SPACING_KEYS, THRESHOLD_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

const KEYS: &[&[&str]] = &[
    BETA_KEYS,
    SPACING_KEYS,
    THRESHOLD_KEYS,
    &["clip_sample", "clip_sample_range", "set_alpha_to_one", "rescale_betas_zero_snr"],
];

pub(super) const CLASS: Class = Class {
    name: "DDIMScheduler",
    keys: KEYS,
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Zero),
};
pub(super) const PARALLEL: Class = Class {
    name: "DDIMParallelScheduler",
    keys: KEYS,
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Zero),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let estimate = estimate(config, true)?;
    let eta = request.eta.unwrap_or(0.0);
    let line = Timeline::new(config, request, (&Betas::DDPM, Terminal::Zero))?;
    let end = line.end(config, true)?;
    let mut calls = Vec::with_capacity(line.visited.len());
    for (index, &t) in line.visited.iter().enumerate() {
        let now = line.bar(config, t)?;
        let to = line.bar_or(config, line.previous(index, request.mode), end)?;
        let step = |to| keeping_noise(call(t, now, (prediction, estimate), to, Method::Euler));
        calls.push(if eta > 0.0 {
            let (to, added) = landing(config, (now as f32, to as f32), eta)?;
            Call { added, draws: 1, ..step(to) }
        } else {
            step(held(to))
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

/// The level before noise, and the noise `eta · √((1 − ᾱ')/(1 − ᾱ) · (1 − ᾱ/ᾱ'))`, in float32: where nearly all noise is
/// drawn anew, what is kept is a small difference.
pub(super) fn landing(config: &Config, (now, to): (f32, f32), eta: f64) -> Result<(Level, f64)> {
    let variance = (1.0 - to) / (1.0 - now) * (1.0 - now / to);
    let noise = eta as f32 * variance.sqrt();
    let kept = 1.0 - to - noise * noise;
    // More noise than the level has: eta is above 1. Of rounding alone it depends on the processor whether diffusers has a
    // number there.
    const ROUNDING: f32 = 1e-6;
    if kept < -ROUNDING {
        return Err(config.impossible(format!(
            "eta {eta} asks for noise {noise}, where a level has {}",
            (1.0 - to).sqrt()
        )));
    }
    let level = Level::new(f64::from(to.sqrt()), f64::from(kept.max(0.0).sqrt()));
    Ok((level, f64::from(noise)))
}
