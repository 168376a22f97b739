//! `HeunDiscreteScheduler`: Heun's method in `sigma` (Karras et al. 2022, algorithm 1 without churn), each step two
//! calls, the last one only.

use super::karras_family::{Karras, Ladders};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Curve, Terminal};
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::{Call, Config, Estimate, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "HeunDiscreteScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS, &["clip_sample", "clip_sample_range"]],
    plan,
    order: 2,
    process: Process::Betas(&BETAS, Terminal::AsTrained),
};

const BETAS: Betas = Betas {
    schedules: &[
        ("linear", Curve::Linear),
        ("scaled_linear", Curve::Scaled),
        ("squaredcos_cap_v2", Curve::Cosine),
        ("exp", Curve::Exponential),
    ],
    ..Betas::LATENT
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let estimate = if config.flag("clip_sample", false)? {
        Estimate::Clip { range: config.get("clip_sample_range", 1.0)? }
    } else {
        Estimate::Plain
    };
    let ladders = Ladders::new(config, request, &BETAS, Karras::Plain)?.ending(0.0);
    let (timesteps, sigmas) = (doubled(&ladders.timesteps, 1), doubled(&ladders.sigmas, 2));
    start::check(config, request, &timesteps)?;
    let calls = timesteps.iter().enumerate().map(|(k, &timestep)| {
        let (from, next) = (sigmas[k], sigmas[k + 1 - k % 2]);
        let method = if k % 2 == 0 { Method::Euler } else { Method::HeunStage };
        let (from, to) = (variance_exploding(from), variance_exploding(next));
        let call = Call::new(timestep, prediction, from, to, method).scaled(prediction);
        Call { estimate, ..call }
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps,
        sigmas: Some(sigmas),
        prediction,
    })
}

/// Every entry twice, but for the first one, and for the last one where both ends are single.
pub(super) fn doubled<T: Copy>(entries: &[T], single_ends: usize) -> Vec<T> {
    let last = entries.len() - 1;
    let times = |i: usize| if i == 0 || (i == last && single_ends == 2) { 1 } else { 2 };
    entries.iter().enumerate().flat_map(|(i, entry)| vec![*entry; times(i)]).collect()
}
