//! `FlowMatchHeunDiscreteScheduler`: Heun's method along the straight path, in flow time.

use langevin_core::Prediction;

use super::Class;
use super::flow::{Flow, even, level, shifted};
use super::flow_match_euler::plan_of;
use crate::alphas::train_timesteps;
use crate::process::Process;
use crate::{Call, Config, Method, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "FlowMatchHeunDiscreteScheduler",
    keys: &[&["num_train_timesteps", "shift"]],
    plan,
    order: 2,
    process: Process::Flow { shift: 1.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let shift: f64 = config.get("shift", 1.0)?;
    let total = train_timesteps(config, 1000)? as f32;
    let even = even(config, request, shift)?;
    let rounded: Vec<f32> = even.into_iter().map(|sigma| shifted(sigma, shift) as f32).collect();
    let (mut sigmas, mut timesteps, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for (index, &sigma) in rounded.iter().enumerate() {
        let timestep = f64::from(sigma * total);
        let here = level(f64::from(sigma));
        let next = rounded.get(index + 1).copied().unwrap_or(0.0);
        let call = |to, method| Call::new(timestep, Prediction::Flow, here, to, method);
        if index > 0 {
            calls.push(call(here, Method::HeunFlowStage));
        }
        calls.push(call(level(f64::from(next)), Method::Euler));
        let visits = if index > 0 { 2 } else { 1 };
        timesteps.extend(std::iter::repeat_n(timestep, visits));
        sigmas.extend(std::iter::repeat_n(f64::from(sigma), visits));
    }
    sigmas.push(0.0);
    start::check(config, request, &timesteps)?;
    Ok(plan_of(Flow { sigmas, timesteps }, calls))
}
