//! `EulerDiscreteScheduler`: Euler steps in `sigma` (Karras et al. 2022, algorithm 2 without churn).

use super::karras_family::{Karras, Ladders};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::numpy::torch_linspace;
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::single::exp;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "EulerDiscreteScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        SPACING_KEYS,
        &["interpolation_type", "timestep_type", "rescale_betas_zero_snr", "final_sigmas_type"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Tiny),
};

/// Where the last step ends.
#[derive(Clone, Copy, PartialEq)]
enum Final {
    Zero,
    SigmaMin,
}

/// How the levels at timesteps are found.
#[derive(Clone, Copy, PartialEq)]
enum Interpolation {
    Linear,
    LogLinear,
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let kind = config.get("prediction_type", "epsilon".to_owned())?;
    let prediction = if kind == "original_sample" {
        langevin_core::Prediction::Clean
    } else {
        prediction(config, &["epsilon", "sample", "v_prediction"])?
    };
    let end = config.choice(
        "final_sigmas_type",
        "zero",
        &[("zero", Final::Zero), ("sigma_min", Final::SigmaMin)],
    )?;
    let interpolation = config.choice(
        "interpolation_type",
        "linear",
        &[("linear", Interpolation::Linear), ("log_linear", Interpolation::LogLinear)],
    )?;
    let continuous =
        config.choice("timestep_type", "discrete", &[("discrete", false), ("continuous", true)])?;
    let mut ladders = Ladders::at_timesteps(config, request, &Betas::DDPM, Terminal::Tiny)?;
    if interpolation == Interpolation::LogLinear {
        let logs = ladders.log_table();
        let (max, min) = (f64::from(logs[logs.len() - 1]), f64::from(logs[0]));
        // One level more than steps, so that the end of the way is reached one step late, which is never made.
        let spaced = torch_linspace(max, min, request.steps + 1);
        ladders.sigmas = spaced.into_iter().map(|log| f64::from(exp(log))).collect();
    }
    ladders.respace(config, request, Karras::Plain)?;
    let last = if end == Final::SigmaMin { f64::from(ladders.table[0]) } else { 0.0 };
    let mut ladders = ladders.ending(last);
    if continuous && prediction == langevin_core::Prediction::V {
        let told = ladders.sigmas[..ladders.sigmas.len() - 1].iter();
        ladders.timesteps = told.map(|sigma| 0.25 * sigma.ln()).collect();
    }
    start::check(config, request, &ladders.timesteps)?;
    let levels = ladders.sigmas.windows(2);
    let calls = ladders.timesteps.iter().zip(levels).map(|(&timestep, pair)| {
        let (from, to) = (variance_exploding(pair[0]), variance_exploding(pair[1]));
        Call::new(timestep, prediction, from, to, Method::Euler).scaled(prediction)
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps: ladders.timesteps,
        sigmas: Some(ladders.sigmas),
        prediction,
    })
}
