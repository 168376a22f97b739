//! `FlowMapEulerDiscreteScheduler`: Euler steps along the straight path on float64 levels, for flow maps, whose network
//! outputs the mean velocity between two levels.

use langevin_core::Prediction;

use super::Class;
use super::flow::{Flow, level, shifted};
use super::flow_match_euler::plan_of;
use crate::alphas::train_timesteps;
use crate::numpy::{linspace, to_f32};
use crate::process::Process;
use crate::{Call, Config, Method, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "FlowMapEulerDiscreteScheduler",
    keys: &[&["num_train_timesteps", "shift"]],
    plan,
    order: 1,
    process: Process::Flow { shift: 1.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let shift: f64 = config.get("shift", 1.0)?;
    let total = train_timesteps(config, 1000)? as f64;
    let even = linspace(1.0, 0.0, request.steps + 1);
    let sigmas: Vec<f64> = even.into_iter().map(|sigma| shifted(sigma, shift)).collect();
    let timesteps: Vec<f64> = sigmas[..request.steps].iter().map(|sigma| sigma * total).collect();
    // diffusers finds a timestep again among float32 numbers, to 1e-3.
    if let Some(t) = timesteps.iter().find(|t| (to_f32(**t) - **t).abs() > 1e-3) {
        return Err(config.impossible(format!("timestep {t} is not found again in float32")));
    }
    let calls = sigmas.windows(2).zip(&timesteps).map(|(pair, &timestep)| {
        let (from, to) = (level(pair[0]), level(pair[1]));
        Call::new(timestep, Prediction::Flow, from, to, Method::Euler)
    });
    let calls = calls.collect();
    Ok(plan_of(Flow { sigmas, timesteps }, calls))
}
