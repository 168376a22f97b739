//! `CosineDPMSolverMultistepScheduler`: SDE-DPM-Solver++ with history on EDM's levels, the noise one Brownian motion over
//! them (Stable Audio).

use langevin_core::solver::Form;

use super::Class;
use super::dpm_multistep::{Algorithm, Ending, SLOPES, order};
use super::edm_family::{Defaults, EDM_KEYS, Edm, Precision};
use crate::process::Process;
use crate::single;
use crate::{Call, Config, Increment, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "CosineDPMSolverMultistepScheduler",
    keys: &[EDM_KEYS, &["solver_order", "solver_type", "lower_order_final", "euler_at_final"]],
    plan,
    order: 1,
    process: Process::None,
};

const DEFAULTS: Defaults = Defaults {
    sigmas: (0.3, 500.0, 1.0),
    schedule: "exponential",
    prediction: "v_prediction",
    told: |sigma| sigma.atan() / std::f64::consts::FRAC_PI_2,
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let algorithm = Algorithm {
        form: Form::Data,
        stochastic: true,
        slope: config.choice("solver_type", "midpoint", SLOPES)?,
        order: order(config)?,
    };
    let edm = Edm::new(config, request, DEFAULTS, Precision::Single)?;
    start::check(config, request, &edm.timesteps)?;
    let orders =
        Ending::of(config, edm.to_clean)?.orders(algorithm.order, edm.timesteps.len(), request);
    if orders.contains(&3) {
        return Err(config.impossible("it has no step of order 3"));
    }
    let calls = orders.iter().enumerate().map(|(i, &order)| {
        let level = |i: usize| single::Level { alpha: 1.0, sigma: edm.sigmas[i] as f32 };
        let from: Vec<_> = (0..order).map(|back| level(i - back)).collect();
        let call = edm.call(i, algorithm.rounded(request, level(i + 1), &from));
        let increment =
            Increment { range: edm.range, from: edm.sigmas[i], to: edm.sigmas[i + 1], seed: None };
        let call = algorithm.with_noise(call, call.from);
        Call { draws: 0, increment: Some(increment), ..call }
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: edm.init_noise_sigma,
        prediction: edm.prediction,
        timesteps: edm.timesteps,
        sigmas: Some(edm.sigmas),
    })
}
