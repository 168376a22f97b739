//! `LCMScheduler`: the multistep consistency sampler of Luo et al. 2023 (LCM), algorithm 3, with the boundary scalings
//! `c_skip = s²/(τ² + s²)`, `c_out = τ/√(τ² + s²)`, `s = ½`, `τ` the scaled timestep (appendix E).

use super::discrete::{Timeline, at_most, call, estimate};
use super::{BETA_KEYS, Class, SPACING_KEYS, THRESHOLD_KEYS, prediction};
use crate::alphas::{Betas, Terminal, alphas_cumprod, train_timesteps};
use crate::mix::Mix;
use crate::numpy::linspace;
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result, Start, start};

pub(super) const CLASS: Class = Class {
    name: "LCMScheduler",
    keys: KEYS,
    plan,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::Zero),
};

pub(super) const KEYS: &[&[&str]] = &[
    BETA_KEYS,
    SPACING_KEYS,
    THRESHOLD_KEYS,
    &[
        "original_inference_steps",
        "clip_sample",
        "clip_sample_range",
        "set_alpha_to_one",
        "timestep_scaling",
        "rescale_betas_zero_snr",
    ],
];

/// 0.00085 to 0.012 with evenly spaced roots.
pub(super) const BETAS: Betas = Betas { schedule: "scaled_linear", ..Betas::LATENT };

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let estimate = estimate(config, false)?;
    let scaling = config.get("timestep_scaling", 10.0)?;
    let line = distilled(config, request)?;
    let last = line.visited.len() - 1;
    let mut calls = Vec::with_capacity(line.visited.len());
    for (index, &t) in line.visited.iter().enumerate() {
        let now = line.bar(config, t)?;
        let scaled: f64 = t as f64 * scaling;
        let size = scaled * scaled + 0.25;
        let (skip, out) = (0.25 / size, scaled / size.sqrt());
        let to = if index == last {
            langevin_core::Level::CLEAN
        } else {
            super::discrete::held(line.bar(config, line.next(index))?)
        };
        let mix = Mix { state: to.alpha * skip, clean: to.alpha * out };
        let step = call(t, now, (prediction, estimate), to, Method::Mix(mix));
        let draws = usize::from(index != last);
        calls.push(Call { added: to.sigma, draws, ..step });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Calls(calls),
    })
}

/// The steps of the distillation, evenly thinned.
pub(super) fn distilled(config: &Config, request: &Request) -> Result<Timeline> {
    let total = train_timesteps(config, 1000)?;
    let original: usize = config.get("original_inference_steps", 50)?;
    if original == 0 || original > total {
        let expected = format!("from 1 to the {total} training timesteps");
        return Err(config.refuse("original_inference_steps", original, expected));
    }
    at_most(config, request.steps, total)?;
    let share = match request.start {
        Start::Share(share) => share,
        Start::First | Start::After(_) => 1.0,
    };
    let left = (original as f64 * share) as usize;
    if request.steps > left && left < original {
        return Err(config.impossible(format!(
            "{} steps are more than the {left} that are left of `original_inference_steps`",
            request.steps
        )));
    }
    if request.steps > original {
        return Err(config.impossible(format!(
            "{} steps are more than the {original} of `original_inference_steps`",
            request.steps
        )));
    }
    let stride = (total / original) as i64;
    let visited = linspace(0.0, left as f64, request.steps + 1)[..request.steps]
        .iter()
        .map(|position| (left as i64 - position.floor() as i64) * stride - 1)
        .collect();
    let bars = alphas_cumprod(config, &BETAS, Terminal::Zero)?;
    let line = Timeline::of(config, request, bars.into_iter().map(f64::from).collect(), visited)?;
    start::check(config, request, &line.timesteps())?;
    Ok(line)
}
