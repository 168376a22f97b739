//! `KDPM2DiscreteScheduler`: DPM-Solver-2 in `sigma` with the inner point half-way in `ln sigma` (Karras et al. 2022,
//! algorithm 2's relative in k-diffusion), each step two calls, the last one only.

use langevin_core::Level;
use langevin_core::solver::{Dpm2Stage, Form};

use super::heun::doubled;
use super::karras_family::{Karras, Ladders};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::numpy::to_f32;
use crate::process::Process;
use crate::sigmas::{self, Ladder, variance_exploding, variance_preserving};
use crate::single;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "KDPM2DiscreteScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS],
    plan,
    order: 2,
    process: Process::Betas(&Betas::LATENT, Terminal::AsTrained),
};

/// The second stage of a step.
pub(super) const INNER: Method = Method::Dpm2Stage(Dpm2Stage { form: Form::Noise });

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "v_prediction"])?;
    let ladders = unrounded(config, request)?;
    // The level half-way between each level and the one before it, the first being its own.
    let half_way =
        |i: usize| single::half_way(ladders.sigmas[i], ladders.sigmas[i.saturating_sub(1)]);
    let inner: Vec<f64> = (0..ladders.sigmas.len()).map(half_way).collect();
    let timesteps = interleaved(&ladders, &inner[1..inner.len() - 1]);
    let (mut listed, mut middle) = (doubled(&ladders.sigmas, 1), doubled(&inner, 1));
    listed.push(0.0);
    middle.push(0.0);
    let first = first(config, request, &timesteps)?;
    let calls = timesteps.iter().enumerate().map(|(done, &timestep)| {
        let k = first + done;
        if done % 2 == 0 {
            let (from, to) = (variance_exploding(listed[k]), variance_exploding(middle[k + 1]));
            return Call::new(timestep, prediction, from, to, Method::Euler).scaled(prediction);
        }
        let (from, to) = (variance_exploding(middle[k]), variance_exploding(listed[k]));
        inner_call(Call::new(timestep, prediction, from, to, INNER).scaled(prediction), listed[k])
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps,
        sigmas: Some(listed),
        prediction,
    })
}

/// The ladder whose timesteps stay in double precision where a switch made them, so that neighbours of the noisiest differ.
pub(super) fn unrounded(config: &Config, request: &Request) -> Result<Ladders> {
    let ladders = Ladders::new(config, request, &Betas::LATENT, Karras::Rounded)?;
    let timesteps = ladders.timesteps.clone();
    let ladders = ladders.ending(0.0);
    Ok(match Ladder::of(config)? {
        Ladder::AtTimesteps => ladders,
        _ => Ladders { timesteps, ..ladders },
    })
}

/// The entry that the way begins at: other than in most classes, there is room at the end of the list for a later one.
pub(super) fn first(config: &Config, request: &Request, timesteps: &[f64]) -> Result<usize> {
    match start::index(request, timesteps) {
        first @ 0..=2 => Ok(first),
        _ => start::check(config, request, timesteps).map(|()| 0),
    }
}

/// The call at an inner point. Its state is scaled by the inner level, but `sigmas[step_index]`, from which a trace
/// takes the level of the exact output, is `listed`, the end of the step.
pub(super) fn inner_call(call: Call, listed: f64) -> Call {
    let seen: Level = variance_preserving(listed);
    Call { seen, beside: variance_exploding(listed), ..call }
}

/// The timesteps of the ladder with those of the inner levels between them.
pub(super) fn interleaved(ladders: &Ladders, inner: &[f64]) -> Vec<f64> {
    let logs = ladders.log_table();
    let mut timesteps = vec![ladders.timesteps[0]];
    for (sigma, timestep) in inner.iter().zip(&ladders.timesteps[1..]) {
        timesteps.extend([to_f32(sigmas::timestep(*sigma, &logs)), *timestep]);
    }
    timesteps
}
