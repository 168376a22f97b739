//! `EDMDPMSolverMultistepScheduler`: DPM-Solver++ with history on the levels and networks of EDM.

use super::dpm_family::threshold;
use super::dpm_multistep::{Algorithm, Ending, refuse_clean_end};
use super::edm_family::{Defaults, EDM_KEYS, Edm, Precision};
use super::{Class, THRESHOLD_KEYS};
use crate::process::Process;
use crate::single;
use crate::{Call, Config, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "EDMDPMSolverMultistepScheduler",
    keys: &[
        EDM_KEYS,
        THRESHOLD_KEYS,
        &["solver_order", "algorithm_type", "solver_type", "lower_order_final", "euler_at_final"],
    ],
    plan,
    order: 1,
    process: Process::Edm,
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let algorithm = Algorithm::of(config, &["dpmsolver++", "sde-dpmsolver++", "deis"])?;
    let edm = Edm::new(config, request, Defaults::EDM, Precision::Single)?;
    refuse_clean_end(config, edm.to_clean)?;
    start::check(config, request, &edm.timesteps)?;
    let orders =
        Ending::of(config, edm.to_clean)?.orders(algorithm.order, edm.timesteps.len(), request);
    if algorithm.stochastic && orders.contains(&3) {
        return Err(config.impossible("sde-dpmsolver++ has no step of order 3 here"));
    }
    let estimate = threshold(config)?;
    let calls = orders.iter().enumerate().map(|(i, &order)| {
        let level = |i: usize| single::Level { alpha: 1.0, sigma: edm.sigmas[i] as f32 };
        let from: Vec<_> = (0..order).map(|back| level(i - back)).collect();
        let call = edm.call(i, algorithm.rounded(request, level(i + 1), &from));
        let from = call.from;
        algorithm.with_noise(Call { estimate, ..call }, from)
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: edm.init_noise_sigma,
        prediction: edm.prediction,
        timesteps: edm.timesteps,
        sigmas: Some(edm.sigmas),
    })
}
