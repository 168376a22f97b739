//! `ConsistencyDecoderScheduler`: the two steps of the consistency decoder, timesteps 1008 and 512 of the cosine
//! schedule.

use langevin_core::{Level, Prediction};

use super::Class;
use crate::alphas::{cosine_cumprod, train_timesteps};
use crate::mix::Mix;
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "ConsistencyDecoderScheduler",
    keys: &[&["num_train_timesteps", "sigma_data"]],
    plan,
    order: 1,
    process: Process::None,
};

const TIMESTEPS: [usize; 2] = [1008, 512];

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    if request.steps != 2 {
        return Err(config.impossible(format!("it makes 2 steps, not {}", request.steps)));
    }
    let total = train_timesteps(config, 1024)?;
    if total <= TIMESTEPS[0] {
        return Err(config.refuse("num_train_timesteps", total, "at least 1009"));
    }
    let bars = cosine_cumprod(total);
    let level = |t: usize| {
        let bar = bars[t];
        Level::new(f64::from(bar.sqrt()), f64::from((1.0 - bar).sqrt()))
    };
    let [first, second] = TIMESTEPS.map(level);
    let step = |timestep: usize, from, to: Level| {
        let mix = Method::Mix(Mix { state: 0.0, clean: to.alpha });
        let call = Call::new(timestep as f64, Prediction::Clean, from, to, mix);
        Call { added: to.sigma, draws: usize::from(to.sigma > 0.0), ..call }
    };
    Ok(Plan {
        timesteps: TIMESTEPS.map(|t| t as f64).to_vec(),
        sigmas: None,
        init_noise_sigma: first.sigma,
        prediction: Prediction::Clean,
        path: Path::Calls(vec![
            step(TIMESTEPS[0], first, second),
            step(TIMESTEPS[1], second, Level::CLEAN),
        ]),
    })
}
