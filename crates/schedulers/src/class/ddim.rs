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
use crate::{Call, Config, Method, Path, Plan, Request, Result};

const KEYS: &[&[&str]] = &[
    BETA_KEYS,
    SPACING_KEYS,
    THRESHOLD_KEYS,
    &["clip_sample", "clip_sample_range", "set_alpha_to_one", "rescale_betas_zero_snr"],
];

pub(super) const CLASS: Class = Class { name: "DDIMScheduler", keys: KEYS, plan };
pub(super) const PARALLEL: Class = Class { name: "DDIMParallelScheduler", keys: KEYS, plan };

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
        let noise = posterior_noise(now as f32, to as f32, eta);
        let step = call(t, now, (prediction, estimate), held(to), Method::Euler);
        let step = keeping_noise(step);
        calls.push(if eta > 0.0 { noisy(config, step, noise)? } else { step });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Calls(calls),
    })
}

/// `eta · √((1 − ᾱ')/(1 − ᾱ) · (1 − ᾱ/ᾱ'))` in float32.
fn posterior_noise(now: f32, to: f32, eta: f64) -> f64 {
    eta * f64::from(((1.0 - to) / (1.0 - now) * (1.0 - now / to)).sqrt())
}

fn noisy(config: &Config, call: Call, noise: f64) -> Result<Call> {
    // Rounding aside, eta above 1 asks for more noise than the level has.
    let Level { sigma, .. } = call.to;
    if noise > sigma * (1.0 + 1e-6) {
        return Err(config.impossible(format!(
            "eta asks for noise {noise:.3} at timestep {}, where the level has {sigma:.3}",
            call.timestep
        )));
    }
    Ok(call.with_noise(noise.min(sigma)))
}
