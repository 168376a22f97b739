//! `DPMSolverSDEScheduler`: DPM-Solver++ of order 2 for the SDE in `sigma`, each step two calls, the noise of both one
//! Brownian motion over the levels (DPM++ SDE of k-diffusion).

use langevin_core::solver::{Dpm2Stage, Form};

use super::heun::doubled;
use super::karras_family::{Karras, Ladders, ancestral, with_ancestral_noise};
use super::kdpm2::inner_call;
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::{self, variance_exploding};
use crate::single;
use crate::{Call, Config, Increment, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "DPMSolverSDEScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS, &["noise_sampler_seed"]],
    plan,
    order: 2,
    process: Process::Betas(&Betas::LATENT, Terminal::AsTrained),
};

const INNER: Method = Method::Dpm2Stage(Dpm2Stage { form: Form::Data });

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "v_prediction"])?;
    let seed = config.optional("noise_sampler_seed")?;
    let exact = Ladders::precise(config, request, &Betas::LATENT, Karras::OwnEnds)?;
    let half_way = |pair: &[f64]| (pair[0] * pair[1]).sqrt();
    let inner: Vec<f64> = exact.sigmas.windows(2).map(half_way).collect();
    let timesteps = interleaved(&exact, &inner);
    start::check(config, request, &timesteps)?;
    let ladders = exact.ending(0.0);
    let sigmas = doubled(&ladders.sigmas, 2);
    let positive = sigmas.iter().copied().filter(|sigma| *sigma > 0.0);
    let range = (positive.clone().fold(f64::INFINITY, f64::min), positive.fold(0.0, f64::max));
    let calls = timesteps.iter().enumerate().map(|(k, &timestep)| {
        let (start, end) = (sigmas[k - k % 2], sigmas[k + 1 - k % 2]);
        let (from, to) = (variance_exploding(start), variance_exploding(end));
        if end == 0.0 {
            return Call::new(timestep, prediction, from, to, Method::Euler).scaled(prediction);
        }
        let middle = single::through_log(start, end, 0.5);
        let noisy = |call: Call, to: f64| {
            // diffusers has both ends by way of their logarithms, a few units in the last place off the levels: that
            // decides the level before the noise where a large step rounds it away.
            let from = single::through_log(start, start, 0.0);
            let call = with_ancestral_noise(call, ancestral(request, from, to));
            let increment = Increment { range, from, to, seed };
            Call { draws: 0, increment: Some(increment), ..call }
        };
        let inner = variance_exploding(middle);
        if k % 2 == 0 {
            let call = Call::new(timestep, prediction, from, inner, Method::Euler);
            return noisy(call.scaled(prediction), middle);
        }
        let call = Call::new(timestep, prediction, inner, to, INNER);
        noisy(inner_call(call.scaled(prediction), end), single::through_log(start, end, 1.0))
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps,
        sigmas: Some(sigmas),
        prediction,
    })
}

/// Every timestep but the first twice, of which the first time is that of the inner level.
fn interleaved(ladders: &Ladders, inner: &[f64]) -> Vec<f64> {
    let logs = ladders.log_table();
    let mut timesteps = vec![ladders.timesteps[0]];
    for (sigma, timestep) in inner.iter().zip(&ladders.timesteps[1..]) {
        timesteps.extend([sigmas::timestep(*sigma, &logs), *timestep]);
    }
    timesteps
}
