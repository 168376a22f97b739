//! `DPMSolverMultistepInverseScheduler`: DPM-Solver from data to noise, for inversion.

use super::dpm_family::{DPM_KEYS, FLOW_KEYS, Reading, Training, Way};
use super::dpm_multistep::{Algorithm, Ending};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::numpy::{arange_down, interpolate, linspace};
use crate::process::Process;
use crate::sigmas::Ladder;
use crate::spacing::Spacing;
use crate::{Config, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "DPMSolverMultistepInverseScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        SPACING_KEYS,
        THRESHOLD_KEYS,
        DPM_KEYS,
        FLOW_KEYS,
        &["euler_at_final", "lambda_min_clipped"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let known = ["dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver", "deis"];
    let algorithm = Algorithm::of(config, &known)?;
    let way = way(config, request)?;
    start::check(config, request, &way.timesteps)?;
    let reading = Reading::of(config, algorithm.form)?;
    let orders = Ending::of(config, false)?.orders(algorithm.order, way.len(), request);
    if algorithm.stochastic && orders.contains(&3) {
        return Err(config.impossible("the SDE has no step of order 3 here"));
    }
    let call = |(i, &order): (usize, &usize)| {
        let method = algorithm.rounded(request, way.single(i + 1, 1)[0], &way.single(i, order));
        algorithm.with_noise(way.call(i, reading, method), way.level(i))
    };
    let calls: Vec<_> = orders.iter().enumerate().map(call).collect();
    if algorithm.stochastic && calls.iter().any(|call| call.to.ratio() > call.from.ratio()) {
        return Err(config.impossible("the SDE has no steps towards noise"));
    }
    Ok(Plan {
        path: Path::Calls(calls),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

fn way(config: &Config, request: &Request) -> Result<Way> {
    let training = Training::new(config, Terminal::AsTrained)?;
    let steps = request.steps;
    let noisiest = training.total as f64 - 1.0 - training.clipped(config)? as f64;
    let mut timesteps = spaced(config, training.total, noisiest, steps)?;
    let sigmas = if training.ladder != Ladder::AtTimesteps {
        // Trained betas may be more than the timesteps: the levels end with the last of them.
        let ends = (training.least(), f64::from(training.table[training.table.len() - 1]));
        let sigmas = training.ladder.levels(config, ends, steps)?;
        timesteps = training.timesteps(&sigmas);
        if training.ladder == Ladder::Karras {
            timesteps.iter_mut().for_each(|t| *t = t.round_ties_even());
        }
        sigmas
    } else if training.flow {
        let (sigmas, t) = training.flow_levels(config, steps)?;
        timesteps = t;
        sigmas
    } else {
        training.at(&timesteps)
    };
    let last = if training.ladder != Ladder::AtTimesteps || training.flow {
        sigmas[sigmas.len() - 1]
    } else {
        interpolate(noisiest, &training.table)
    };
    // Each timestep is visited once, but the levels of those that are left out stay in the list. Fractions count as
    // different here, and are cut off after that.
    let mut seen = Vec::new();
    timesteps.retain(|t| {
        let new = !seen.contains(t);
        seen.push(*t);
        new
    });
    Ok(Way::new(timesteps, sigmas, last, training.flow))
}

/// Whole timesteps upwards, the noisiest excluded.
fn spaced(config: &Config, total: usize, noisiest: f64, steps: usize) -> Result<Vec<f64>> {
    let offset: i64 = config.get("steps_offset", 0)?;
    Ok(match Spacing::of(config, "linspace")? {
        Spacing::Linspace => {
            let mut numbers = linspace(0.0, noisiest, steps + 1);
            numbers.pop();
            numbers.into_iter().map(f64::round_ties_even).collect()
        }
        Spacing::Leading => {
            let stride = ((noisiest + 1.0) / (steps as f64 + 1.0)).floor();
            (0..steps).map(|k| k as f64 * stride + offset as f64).collect()
        }
        Spacing::Trailing => {
            let mut numbers = arange_down(noisiest + 1.0, total as f64 / steps as f64);
            numbers.reverse();
            numbers.into_iter().map(|t| t.round_ties_even() - 1.0).collect()
        }
    })
}
