//! `SASolverScheduler`: stochastic Adams methods with a corrector (Xue et al. 2023, SA-Solver).

use langevin_core::solver::{Form, Sa, Slope};

use super::deis::repeating_way;
use super::discrete::held;
use super::dpm_family::{FLOW_KEYS, Reading, Training, Way, threshold};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::single;
use crate::weighted::Weighted;
use crate::{Config, Estimate, Method, Mode, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "SASolverScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        SPACING_KEYS,
        THRESHOLD_KEYS,
        FLOW_KEYS,
        &["predictor_order", "corrector_order", "tau_func", "algorithm_type", "lower_order_final"],
        &["lambda_min_clipped", "variance_type"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

/// The noise of the steps from this timestep: all of it in the middle of the way, none at its ends.
fn tau(timestep: f64) -> f64 {
    if (200.0..=800.0).contains(&timestep) { 1.0 } else { 0.0 }
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    if config.optional::<String>("tau_func")?.is_some() {
        return Err(config.refuse("tau_func", "a function", "null"));
    }
    let forms = [("data_prediction", Form::Data), ("noise_prediction", Form::Noise)];
    let form = config.choice("algorithm_type", "data_prediction", &forms)?;
    if form == Form::Noise && threshold(config)? != Estimate::Plain {
        let reason = "thresholding goes with algorithm_type \"data_prediction\" only";
        return Err(config.impossible(reason));
    }
    let (predictors, correctors) =
        (order(config, "predictor_order")?, order(config, "corrector_order")?);
    let lower = config.flag("lower_order_final", true)?;
    let training = Training::new(config, Terminal::AsTrained)?;
    let spaced = training.spaced(config, request)?;
    let way = repeating_way(config, request, &training, spaced)?;
    start::check(config, request, &way.timesteps)?;
    let reading = Reading::of(config, form)?;
    let count = way.len();
    let method = |i: usize| {
        let (mut predictor, mut corrector) = (predictors, correctors);
        if lower {
            predictor = predictor.min(count - i);
            corrector = corrector.min(count - i + 1);
        }
        // How many steps of history there are, of which no more are counted than the longest method needs.
        let history = request.made(i).min(predictors.max(correctors - 1));
        Sa {
            predictor: predictor.min(history + 1),
            corrector: corrector.min(history + 2),
            tau: tau(way.timesteps[i]),
            form,
            // In data form, formulae of two evaluations are those for few steps.
            slope: if form == Form::Data { Slope::Half } else { Slope::Exact },
        }
    };
    if (0..count).map(method).any(|sa| sa.predictor > 4 || sa.corrector > 4) {
        return Err(config.impossible("an order above 4 has no coefficients"));
    }
    let before = |i: usize| i.checked_sub(1).filter(|_| request.made(i) > 0);
    let calls = (0..count).map(|i| {
        let sa = method(i);
        let mut call = way.call(i, reading, Method::Sa(sa));
        // A known picture is put at the level of the whole timestep, wherever the ladder is.
        let bar = training.bars.get(way.timesteps[i] as usize).copied();
        call.beside = bar.map_or(call.from, |bar| held(f64::from(bar)));
        let fresh = sa.fresh(call.from, call.to);
        // A step is corrected by the values it was made with.
        call.corrector = before(i).map(|before| Method::Sa(method(before)));
        if request.mode == Mode::Fixed {
            return call.with_noise(fresh);
        }
        let (weighted, added) = rounded(&way, i, sa);
        if weighted.is_finite() {
            call.method = Method::Weighted(weighted);
        }
        if let Some(before) = before(i) {
            let sa = method(before);
            let noise = single::Noise { form, tau: sa.tau as f32 };
            let levels = way.single(i, sa.corrector);
            let predicted = rounded(&way, before, sa).0;
            let start = way.single(before, 1)[0];
            let corrected = single::corrector(noise, start, &levels, &predicted);
            if corrected.is_finite() {
                call.corrector = Some(Method::Weighted(corrected));
            }
        }
        call.with_noise(if added.is_finite() { added } else { fresh })
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

/// The prediction of a step as diffusers rounds it, and its noise.
fn rounded(way: &Way, index: usize, sa: Sa) -> (Weighted, f64) {
    let noise = single::Noise { form: sa.form, tau: sa.tau as f32 };
    single::predictor(noise, way.single(index + 1, 1)[0], &way.single(index, sa.predictor))
}

fn order(config: &Config, key: &'static str) -> Result<usize> {
    let order = config.get(key, 2)?;
    if order == 0 {
        return Err(config.refuse(key, order, "at least 1"));
    }
    Ok(order)
}
