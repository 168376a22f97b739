//! `MiniMaxH3Scheduler`: Euler steps along the straight path; the number of steps counts the clean end, and timesteps
//! are `1 − sigma`.
//!
//! Its network outputs the velocity towards the data, the negative of the flow's; a plan asks for the flow's.

use langevin_core::Prediction;

use super::Class;
use super::flow::{Flow, level};
use super::flow_match_euler::plan_of;
use crate::numpy::torch_linspace;
use crate::process::Process;
use crate::{Call, Config, Method, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "MiniMaxH3Scheduler",
    keys: &[&["shift"]],
    plan,
    order: 1,
    process: Process::Flow { shift: 12.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let shift: f64 = config.get("shift", 12.0)?;
    if !(shift > 0.0 && shift.is_finite()) {
        return Err(config.refuse("shift", shift, "positive and finite"));
    }
    if request.steps < 2 {
        return Err(config.impossible("one step alone leads nowhere: the clean end counts as one"));
    }
    let moved = |sigma: f32| shift as f32 * sigma / (1.0 + (shift - 1.0) as f32 * sigma);
    let mut rounded: Vec<f32> =
        torch_linspace(1.0, 0.0, request.steps).into_iter().map(moved).collect();
    rounded.dedup();
    let sigmas: Vec<f64> = rounded.iter().copied().map(f64::from).collect();
    let timesteps: Vec<f64> =
        rounded[..rounded.len() - 1].iter().map(|sigma| f64::from(1.0 - sigma)).collect();
    let calls = sigmas.windows(2).zip(&timesteps).map(|(pair, &timestep)| {
        Call::new(timestep, Prediction::Flow, level(pair[0]), level(pair[1]), Method::Euler)
    });
    let calls = calls.collect();
    Ok(plan_of(Flow { sigmas, timesteps }, calls))
}
