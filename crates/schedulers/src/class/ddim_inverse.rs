//! `DDIMInverseScheduler`: DDIM from data to noise, as inversion needs it.
//!
//! A step at timestep `t` takes the state to be at `t − T // n` and leads to `t`, while the network is told, and sees,
//! the level of `t`: the usual approximation of DDIM inversion.

use langevin_core::Level;

use super::discrete::{Timeline, clip, held, visited};
use super::{BETA_KEYS, Class, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal, alphas_cumprod};
use crate::process::Process;
use crate::spacing::Spacing;
use crate::{Call, Config, Keep, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "DDIMInverseScheduler",
    keys: &[
        BETA_KEYS,
        SPACING_KEYS,
        &[
            "clip_sample",
            "clip_sample_range",
            "set_alpha_to_one",
            "set_alpha_to_zero",
            "rescale_betas_zero_snr",
        ],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Zero),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let estimate = clip(config, true)?;
    let spacing = Spacing::of(config, "leading")?;
    if spacing == Spacing::Linspace {
        return Err(config.refuse("timestep_spacing", "\"linspace\"", "one of leading, trailing"));
    }
    let mut order = visited(config, spacing, request.steps)?;
    order.reverse();
    let bars = alphas_cumprod(config, &Betas::DDPM, Terminal::Zero)?;
    let line = Timeline::of(config, request, bars.into_iter().map(f64::from).collect(), order)?;
    // The old name of the same switch wins.
    let to_one = config.optional::<bool>("set_alpha_to_zero")?;
    let start = match to_one {
        Some(true) => 1.0,
        Some(false) => line.bars[0],
        None => line.end(config, true)?,
    };
    let last = line.total as i64 - 1;
    // Clean data have no noise to read the network's from: next to none serves instead.
    let from = |bar| {
        let level = held(bar);
        Level::new(level.alpha, level.sigma.max(1e-8))
    };
    let mut calls = Vec::with_capacity(line.visited.len());
    for &t in &line.visited {
        let from = from(line.bar_or(config, (t - line.stride).min(last), start)?);
        let seen = line.bar(config, t)?;
        calls.push(Call {
            seen: Level::from_alpha_bar(seen),
            estimate,
            keep: Keep::Noise,
            ..Call::new(t as f64, prediction, from, held(seen), Method::Euler)
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
