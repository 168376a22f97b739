//! `FlowMatchLCMScheduler`: consistency sampling along the straight path (Song et al. 2023, algorithm 1).

use super::Class;
use super::flow::{FLOW_KEYS, Flow};
use super::flow_match_euler::renewing;
use crate::process::Process;
use crate::{Config, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "FlowMatchLCMScheduler",
    keys: &[FLOW_KEYS, &["scale_factors", "upscale_mode"]],
    plan,
    order: 1,
    process: Process::Flow { shift: 1.0 },
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    if let Some(factors) = config.optional::<Vec<f64>>("scale_factors")?.filter(|f| !f.is_empty()) {
        return Err(config.refuse(
            "scale_factors",
            format!("a list of {}", factors.len()),
            "null: steps that change the size of the state are not run",
        ));
    }
    let flow = Flow::new(config, request)?;
    start::check(config, request, &flow.timesteps)?;
    Ok(renewing(flow))
}
