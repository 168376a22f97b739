//! `KDPM2AncestralDiscreteScheduler`: DPM-Solver-2 in `sigma` with ancestral noise at the end of each step.

use super::heun::doubled;
use super::karras_family::{ancestral, with_ancestral_noise};
use super::kdpm2::{INNER, first, inner_call, interleaved, unrounded};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::single;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "KDPM2AncestralDiscreteScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS],
    plan,
    order: 2,
    process: Process::Betas(&Betas::LATENT, Terminal::AsTrained),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "v_prediction"])?;
    let ladders = unrounded(config, request)?;
    let steps = ladders.sigmas.len() - 1;
    let pair = |i: usize| (ladders.sigmas[i], ladders.sigmas.get(i + 1).copied().unwrap_or(0.0));
    let shares: Vec<_> = (0..=steps).map(|i| ancestral(request, pair(i).0, pair(i).1)).collect();
    // Half-way in ln sigma to the level before the noise; the last step has neither.
    let inner = |i: usize| {
        let (from, down) = (ladders.sigmas[i], shares[i].1);
        if i + 1 >= steps { 0.0 } else { single::half_way(from, down) }
    };
    let inner: Vec<f64> = (0..=steps).map(inner).collect();
    let timesteps = interleaved(&ladders, &inner);
    let (mut listed, mut middle) = (doubled(&ladders.sigmas, 1), doubled(&inner, 1));
    listed.push(0.0);
    middle.push(0.0);
    let shares = doubled(&shares, 1);
    let first = first(config, request, &timesteps)?;
    let calls = timesteps.iter().enumerate().map(|(done, &timestep)| {
        let k = first + done;
        if done % 2 == 0 {
            let (from, to) = (variance_exploding(listed[k]), variance_exploding(middle[k]));
            return Call::new(timestep, prediction, from, to, Method::Euler).scaled(prediction);
        }
        let (from, to) = (variance_exploding(middle[k - 1]), variance_exploding(listed[k]));
        let call = Call::new(timestep, prediction, from, to, INNER).scaled(prediction);
        inner_call(with_ancestral_noise(call, shares[k - 1]), listed[k])
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps,
        sigmas: Some(listed),
        prediction,
    })
}
