//! `FlowMatchEulerDiscreteScheduler`: Euler steps along the straight path, or with all noise drawn anew.

use langevin_core::Prediction;

use super::Class;
use super::flow::{FLOW_KEYS, Flow, level};
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "FlowMatchEulerDiscreteScheduler",
    keys: &[FLOW_KEYS, &["stochastic_sampling"]],
    plan,
    order: 1,
    process: Process::Flow { shift: 1.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let flow = Flow::new(config, request)?;
    start::check(config, request, &flow.timesteps)?;
    if config.flag("stochastic_sampling", false)? {
        return Ok(renewing(flow));
    }
    let calls = steps(&flow, |call| call);
    Ok(plan_of(flow, calls))
}

/// The plan in which each step draws all noise of the next level anew.
pub(super) fn renewing(flow: Flow) -> Plan {
    let calls = steps(&flow, |call| {
        let sigma = call.to.sigma;
        call.with_noise(sigma)
    });
    plan_of(flow, calls)
}

fn steps(flow: &Flow, finish: impl Fn(Call) -> Call) -> Vec<Call> {
    let pairs = flow.sigmas.windows(2).zip(&flow.timesteps);
    pairs
        .map(|(pair, &timestep)| {
            let (from, to) = (level(pair[0]), level(pair[1]));
            finish(Call::new(timestep, Prediction::Flow, from, to, Method::Euler))
        })
        .collect()
}

pub(super) fn plan_of(flow: Flow, calls: Vec<Call>) -> Plan {
    Plan {
        timesteps: flow.timesteps,
        sigmas: Some(flow.sigmas),
        init_noise_sigma: 1.0,
        prediction: Prediction::Flow,
        path: Path::Calls(calls),
    }
}
