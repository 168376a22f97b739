//! `CMStochasticIterativeScheduler`: multistep consistency sampling (Song et al. 2023, algorithm 1) on Karras levels.

use langevin_core::{Level, Prediction};

use super::Class;
use super::discrete::at_most;
use crate::alphas::train_timesteps;
use crate::mix::Mix;
use crate::process::Process;
use crate::{Call, Config, Estimate, Method, Mode, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "CMStochasticIterativeScheduler",
    keys: &[&[
        "num_train_timesteps",
        "sigma_min",
        "sigma_max",
        "sigma_data",
        "s_noise",
        "rho",
        "clip_denoised",
    ]],
    plan,
    order: 1,
    process: Process::None,
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let total = train_timesteps(config, 40)?;
    at_most(config, request.steps, total)?;
    if total == 1 {
        return Err(config.refuse("num_train_timesteps", 1, "at least 2"));
    }
    let (min, max): (f64, f64) = (config.get("sigma_min", 0.002)?, config.get("sigma_max", 80.0)?);
    let (rho, s_noise): (f64, f64) = (config.get("rho", 7.0)?, config.get("s_noise", 1.0)?);
    let clipped = config.flag("clip_denoised", true)?;
    let stride = total / request.steps;
    let (from, to) = (max.powf(1.0 / rho), min.powf(1.0 / rho));
    let exact: Vec<f64> = (0..request.steps)
        .map(|k| (from + (k * stride) as f64 / (total - 1) as f64 * (to - from)).powf(rho))
        .collect();
    if let Some(sigma) = exact.iter().chain([&min]).find(|s| !(**s > 0.0 && s.is_finite())) {
        return Err(config.impossible(format!("one of its noise levels is {sigma}")));
    }
    let timesteps: Vec<f64> =
        exact.iter().map(|sigma| 1000.0 * 0.25 * (sigma + 1e-44).ln()).collect();
    start::check(config, request, &timesteps)?;
    let mut sigmas: Vec<f32> = exact.into_iter().map(|sigma| sigma as f32).collect();
    sigmas.push(min as f32);
    let prediction = Prediction::Clean;
    let mut calls = Vec::with_capacity(request.steps);
    for (pair, &timestep) in sigmas.windows(2).zip(&timesteps) {
        let next = pair[1].max(min as f32).min(max as f32);
        let added = renewed(config, request, next, min)? * s_noise;
        let level = |sigma: f32| Level::new(1.0, f64::from(sigma));
        let mix = Method::Mix(Mix { state: 0.0, clean: 1.0 });
        let call = Call::new(timestep, prediction, level(pair[0]), level(next), mix);
        // The boundary condition: at the smallest level the state is its own estimate.
        let reading = if pair[0] == min as f32 { (1.0, 0.0) } else { call.reading };
        let estimate = if clipped { Estimate::Clip { range: 1.0 } } else { Estimate::Plain };
        calls.push(Call {
            reading,
            estimate,
            added,
            draws: usize::from(request.steps > 1),
            ..call
        });
    }
    Ok(Plan {
        timesteps,
        sigmas: Some(sigmas.into_iter().map(f64::from).collect()),
        init_noise_sigma: max,
        prediction,
        path: Path::Calls(calls),
    })
}

/// `√(sigma² − sigma_min²)` in float32, where the level at the end may fall below `sigma_min` by rounding.
fn renewed(config: &Config, request: &Request, sigma: f32, min: f64) -> Result<f64> {
    let square = sigma * sigma - (min * min) as f32;
    if square < 0.0 && request.mode == Mode::AsDiffusers && request.steps > 1 {
        return Err(config.impossible(format!(
            "sigma_min {min} is rounded down, so that diffusers takes the root of a negative number at the end"
        )));
    }
    Ok(f64::from(square.max(0.0).sqrt()))
}
