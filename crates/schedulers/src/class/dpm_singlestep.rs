//! `DPMSolverSinglestepScheduler`: DPM-Solver and DPM-Solver++ whose steps span one to three levels, one call at each
//! (Lu et al. 2022).

use langevin_core::solver::{Curvature, DpmSinglestepStage, Form};

use super::dpm_family::{DPM_KEYS, FLOW_KEYS, Reading, Training, Way, threshold};
use super::dpm_multistep::{Algorithm, ends_clean, refuse_clean_end};
use super::{BETA_KEYS, Class, LADDER_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::numpy::linspace;
use crate::process::Process;
use crate::sigmas::Ladder;
use crate::{Config, Estimate, Method, Mode, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "DPMSolverSinglestepScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        THRESHOLD_KEYS,
        DPM_KEYS,
        FLOW_KEYS,
        &["final_sigmas_type", "lambda_min_clipped"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let known = ["dpmsolver++", "sde-dpmsolver++", "dpmsolver", "deis"];
    let algorithm = Algorithm::of(config, &known)?;
    let to_clean = ends_clean(config)?;
    refuse_clean_end(config, to_clean)?;
    if algorithm.order > 3 {
        return Err(config.refuse("solver_order", algorithm.order, "from 1 to 3"));
    }
    if algorithm.form == Form::Noise && threshold(config)? != Estimate::Plain {
        return Err(config.impossible("thresholding goes with algorithm_type \"dpmsolver++\" only"));
    }
    let way = way(config, request, to_clean)?;
    start::check(config, request, &way.timesteps)?;
    let reading = Reading::of(config, algorithm.form)?;
    let stages = stages(config, algorithm.order, way.len(), to_clean)?;
    let calls = stages.iter().enumerate().map(|(i, &stage)| {
        // A step of which the beginning is left out begins anew.
        let stage = stage.min(request.made(i) + 1);
        // The SDE's exponents are twice as large; there diffusers subtracts 1 from half of the second moment.
        let off = algorithm.stochastic && request.mode == Mode::AsDiffusers;
        let shift = if off { -2.0 } else { 0.0 };
        let method = Method::DpmSinglestepStage(DpmSinglestepStage {
            stage,
            form: algorithm.form,
            slope: algorithm.slope,
            curvature: Curvature { factor: 1.0, shift },
        });
        algorithm.with_noise(way.call(i, reading, method), way.level(i + 1 - stage))
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

/// How many calls after the start of its step each call is made, itself included: blocks of `1 … order`.
fn stages(config: &Config, order: usize, count: usize, to_clean: bool) -> Result<Vec<usize>> {
    // An uneven number of calls, and clean data at the end, switch the lower orders on.
    let lower =
        config.flag("lower_order_final", false)? || !count.is_multiple_of(order) || to_clean;
    let mut stages: Vec<usize> = (0..count).map(|i| i % order + 1).collect();
    if lower && count.is_multiple_of(order) && order > 1 {
        // The last block of 1, 2, 3 becomes 1, 2, 1, that of 1, 2 becomes 1, 1.
        stages[count - 1] = 1;
    }
    if to_clean {
        stages[count - 1] = 1;
    }
    Ok(stages)
}

fn way(config: &Config, request: &Request, to_clean: bool) -> Result<Way> {
    let training = Training::new(config, Terminal::AsTrained)?;
    let steps = request.steps;
    let last = training.total as f64 - 1.0 - training.clipped(config)? as f64;
    let spaced = linspace(0.0, last, steps + 1).into_iter().map(f64::round_ties_even);
    let spaced: Vec<f64> = spaced.skip(1).rev().collect();
    let (sigmas, timesteps) = if training.ladder != Ladder::AtTimesteps {
        let (sigmas, timesteps) = training.ladder(config, steps)?;
        let whole = training.ladder == Ladder::Karras;
        let rounded = |t: f64| if whole { t.round_ties_even() } else { t };
        (sigmas, timesteps.into_iter().map(rounded).collect())
    } else if training.flow {
        training.flow_levels(config, steps)?
    } else {
        (training.at(&spaced), spaced)
    };
    let last = if to_clean { 0.0 } else { training.least() };
    Ok(Way::new(timesteps, sigmas, last, training.flow))
}
