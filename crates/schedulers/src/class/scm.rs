//! `SCMScheduler`: multistep sampling of TrigFlow consistency models (Lu and Song 2025, sCM):
//! `x = cos t · clean + sin t · sigma_data · noise`, `x' = cos t' · clean + sin t' · sigma_data · fresh noise`.
//!
//! Two steps go by way of `t = 1.3`; other numbers are evenly spaced from 1.5708, a little more than `π/2`, to 0.
//! A plan asks its network for the denoised value.

use langevin_core::{Level, Prediction};

use super::Class;
use super::discrete::at_most;
use crate::alphas::train_timesteps;
use crate::mix::Mix;
use crate::numpy::torch_linspace;
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "SCMScheduler",
    keys: &[&["num_train_timesteps", "prediction_type", "sigma_data"]],
    plan,
    order: 1,
    process: Process::None,
};

#[expect(clippy::approx_constant, reason = "diffusers starts at this number, not at π/2")]
const LARGEST: f64 = 1.5708;

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    config.choice("prediction_type", "trigflow", &[("trigflow", ())])?;
    at_most(config, request.steps, train_timesteps(config, 1000)?)?;
    let data: f64 = config.get("sigma_data", 0.5)?;
    if !(data > 0.0 && data.is_finite()) {
        return Err(config.refuse("sigma_data", data, "positive and finite"));
    }
    let timesteps: Vec<f32> = match request.steps {
        2 => vec![LARGEST as f32, 1.3, 0.0],
        steps => torch_linspace(LARGEST, 0.0, steps + 1),
    };
    let level = |t: f32| {
        let (sin, cos) = f64::from(t).sin_cos();
        Level::new(cos, sin * data)
    };
    let calls = timesteps.windows(2).map(|pair| {
        let (from, to) = (level(pair[0]), level(pair[1]));
        let mix = Method::Mix(Mix { state: 0.0, clean: to.alpha });
        let call = Call::new(f64::from(pair[0]), Prediction::Clean, from, to, mix);
        Call { added: to.sigma, draws: 1, ..call }
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        timesteps: timesteps.iter().copied().map(f64::from).collect(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction: Prediction::Clean,
    })
}
