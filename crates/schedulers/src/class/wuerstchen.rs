//! `DDPMWuerstchenScheduler`: the posterior of DDPM in continuous time on the cosine schedule, its time bent by `scaler`
//! (Pernias et al. 2024).

use langevin_core::{Level, Prediction};

use super::Class;
use crate::mix::Mix;
use crate::numpy::torch_linspace;
use crate::process::Process;
use crate::{Call, Config, Method, Path, Plan, Request, Result};

pub(super) const CLASS: Class = Class {
    name: "DDPMWuerstchenScheduler",
    keys: &[&["scaler", "s"]],
    plan,
    order: 1,
    process: Process::None,
};

/// `alpha_bar(t)` in float32.
struct Bar {
    scaler: f64,
    s: f32,
}

impl Bar {
    fn at(&self, t: f32) -> f32 {
        const QUARTER: f32 = std::f32::consts::PI;
        let bent = if self.scaler > 1.0 {
            1.0 - (1.0 - t).powf(self.scaler as f32)
        } else if self.scaler < 1.0 {
            t.powf(self.scaler as f32)
        } else {
            t
        };
        let square = |x: f32| x * x;
        let first = square((self.s / (1.0 + self.s) * QUARTER * 0.5).cos());
        let bar = square(((bent + self.s) / (1.0 + self.s) * QUARTER * 0.5).cos()) / first;
        bar.clamp(0.0001, 0.9999)
    }
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let scaler: f64 = config.get("scaler", 1.0)?;
    let s: f64 = config.get("s", 0.008)?;
    if !(scaler > 0.0 && scaler.is_finite()) {
        return Err(config.refuse("scaler", scaler, "positive and finite"));
    }
    if !(s > -1.0 && s.is_finite()) {
        return Err(config.refuse("s", s, "larger than -1 and finite"));
    }
    let bar = Bar { scaler, s: s as f32 };
    let timesteps = torch_linspace(1.0, 0.0, request.steps + 1);
    let prediction = Prediction::Noise;
    let calls = timesteps.windows(2).map(|pair| {
        let (now, to) = (bar.at(pair[0]), bar.at(pair[1]));
        let kept = now / to;
        let (scale, beta, sigma) = ((1.0 / kept).sqrt(), 1.0 - kept, (1.0 - now).sqrt());
        // In terms of the state and the noise, as the rounding errors of both then stay small.
        let (x, noise) = (f64::from(scale), f64::from(scale * beta / sigma));
        let from = Level::from_alpha_bar(f64::from(now));
        let mix = Mix { state: x - noise / from.sigma, clean: noise * from.alpha / from.sigma };
        let to_level = Level::from_alpha_bar(f64::from(to));
        let call = Call::new(f64::from(pair[0]), prediction, from, to_level, Method::Mix(mix));
        let std = (beta * (1.0 - to) / (1.0 - now)).sqrt();
        let added = if pair[1] == 0.0 { 0.0 } else { f64::from(std) };
        Call { added, draws: 1, ..call }
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        timesteps: timesteps.iter().copied().map(f64::from).collect(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
    })
}
