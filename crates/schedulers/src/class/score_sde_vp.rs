//! `ScoreSdeVpScheduler`: Euler–Maruyama steps of the reverse-time VP SDE (Song et al. 2021, eq. 6 and 11):
//! `dx = −beta(t) · (x/2 + score) dt + √beta(t) dw`.

use langevin_core::{Level, Prediction};

use super::Class;
use crate::mix::Mix;
use crate::numpy::torch_linspace;
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "ScoreSdeVpScheduler",
    keys: &[&["num_train_timesteps", "beta_min", "beta_max", "sampling_eps"]],
    plan,
    order: 1,
    process: Process::Vp,
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let (low, high): (f64, f64) = (config.get("beta_min", 0.1)?, config.get("beta_max", 20.0)?);
    let eps: f64 = config.get("sampling_eps", 1e-3)?;
    let timesteps = torch_linspace(1.0, eps, request.steps);
    let count = request.steps as f64;
    let prediction = Prediction::Noise;
    let calls = timesteps.iter().map(|&t| {
        let beta = f64::from(low as f32 + t * (high - low) as f32);
        let std = f64::from(std_f32(t, low, high));
        let from = level(f64::from(t), low, high);
        // x' = x + beta/n · (x/2 − noise/std).
        let noise = -beta / count / std;
        let mix = Mix {
            state: 1.0 + 0.5 * beta / count + noise / from.sigma,
            clean: -noise * from.alpha / from.sigma,
        };
        let call = Call::new(f64::from(t), prediction, from, from, Method::Mix(mix));
        Call { added: (beta / count).sqrt(), draws: 1, ..call }
    });
    let calls: Vec<Call> = calls.collect();
    if let Some(call) = calls.iter().find(|call| !(call.from.sigma > 0.0 && call.added.is_finite()))
    {
        return Err(config.impossible(format!("time {} has no noise", call.timestep)));
    }
    Ok(Plan {
        path: Path::Calls(calls),
        timesteps: timesteps.iter().copied().map(f64::from).collect(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
    })
}

/// `ln alpha = −t²/4 · (beta_max − beta_min) − t/2 · beta_min` (appendix C, eq. 33).
fn level(t: f64, low: f64, high: f64) -> Level {
    let log = -0.25 * t * t * (high - low) - 0.5 * t * low;
    Level::new(log.exp(), (-(2.0 * log).exp_m1()).sqrt())
}

/// The noise of the level in float32, where `1 − e^…` loses digits at small times.
fn std_f32(t: f32, low: f64, high: f64) -> f32 {
    let log = -0.25 * (t * t) * (high - low) as f32 - 0.5 * t * low as f32;
    (1.0 - (2.0 * log).exp()).sqrt()
}
