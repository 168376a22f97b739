//! `LTXEulerAncestralRFScheduler`: ancestral Euler steps along the straight path.
//!
//! An Euler step to `sigma_down = sigma' · (1 + (sigma'/sigma − 1) · eta)`, the state scaled to the signal of `sigma'`,
//! and the noise that then lacks.
//! The levels are those of `FlowMatchEulerDiscreteScheduler`, whose keys therefore have an effect.

use langevin_core::{Level, Prediction};

use super::Class;
use super::flow::{FLOW_KEYS, Flow, level};
use super::flow_match_euler::plan_of;
use crate::process::Process;
use crate::{Call, Config, Method, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "LTXEulerAncestralRFScheduler",
    keys: &[FLOW_KEYS, &["eta", "s_noise"]],
    plan,
    order: 1,
    process: Process::Flow { shift: 1.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let (eta, s_noise) = (config.get("eta", 1.0)?, config.get("s_noise", 1.0)?);
    let flow = Flow::new(config, request)?;
    start::check(config, request, &flow.timesteps)?;
    let calls = flow.sigmas.windows(2).zip(&flow.timesteps).map(|(pair, &timestep)| {
        let (to, noise) = landing((pair[0] as f32, pair[1] as f32), (eta, s_noise));
        let call = Call::new(timestep, Prediction::Flow, level(pair[0]), to, Method::Euler);
        match noise {
            Some(added) => Call { added, draws: 1, ..call },
            None => call,
        }
    });
    let calls = calls.collect();
    Ok(plan_of(flow, calls))
}

/// Where the step leads before noise, and the noise, in float32: the noise that lacks is a small difference.
fn landing((sigma, next): (f32, f32), (eta, s_noise): (f64, f64)) -> (Level, Option<f64>) {
    const SMALL: f32 = 1e-12;
    if next.abs() < 1e-8 {
        return (Level::CLEAN, None);
    }
    let down = next * (1.0 + (next / sigma - 1.0) * eta as f32);
    let (alpha, alpha_down) = (1.0 - next, 1.0 - down);
    if eta <= 0.0 || s_noise <= 0.0 {
        return (level(f64::from(down)), None);
    }
    let lacking = next * next - down * down * (alpha * alpha) / (alpha_down * alpha_down + SMALL);
    let scale = f64::from(alpha / (alpha_down + SMALL));
    let down = f64::from(down);
    let to = Level::new(scale * (1.0 - down), scale * down);
    (to, Some(f64::from(lacking.max(0.0).sqrt()) * s_noise))
}
