//! `ScoreSdeVeScheduler`: the predictor–corrector sampler of the VE SDE (Song et al. 2021, algorithm 2 and appendix G):
//! `correct_steps` steps of Langevin dynamics at each level, then one step of reverse diffusion to the next.
//!
//! The step of the corrector is `2 · (snr · |noise| / |score|)²` with the norms of both averaged over the batch.

use langevin_core::{Level, Prediction};

use super::Class;
use super::own::OwnPath;
use crate::mix::Mix;
use crate::numpy::{to_f32, torch_linspace};
use crate::process::Process;
use crate::run::{Observer, evaluate, step};
use crate::single::exp;
use crate::{Call, Config, Method, Network, NoiseSource, Path, Plan, Request, Result, Sample};

pub(super) const CLASS: Class = Class {
    name: "ScoreSdeVeScheduler",
    keys: &[&[
        "num_train_timesteps",
        "snr",
        "sigma_min",
        "sigma_max",
        "sampling_eps",
        "correct_steps",
    ]],
    plan,
    order: 1,
    process: Process::Ve,
};

/// Corrections and a prediction at each level.
#[derive(Clone, Debug)]
pub struct ScoreSdeVe {
    snr: f64,
    corrections: usize,
    predictions: Vec<Call>,
    ending: Ending,
}

/// What the run returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The last state.
    State,
    /// The last state before its noise.
    Mean,
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    const MOST: usize = 1000;
    let (min, max): (f64, f64) = (config.get("sigma_min", 0.01)?, config.get("sigma_max", 1348.0)?);
    for (key, sigma) in [("sigma_min", min), ("sigma_max", max)] {
        if !(sigma > 0.0 && sigma.is_finite()) {
            return Err(config.refuse(key, sigma, "positive and finite"));
        }
    }
    let eps: f64 = config.get("sampling_eps", 1e-5)?;
    let corrections = config.get("correct_steps", 1)?;
    if corrections > MOST {
        return Err(config.refuse("correct_steps", corrections, format!("at most {MOST}")));
    }
    let timesteps = torch_linspace(1.0, eps, request.steps);
    let levels: Vec<f32> =
        torch_linspace(min.ln(), max.ln(), request.steps).into_iter().map(exp).collect();
    let last = (request.steps - 1) as f32;
    let mut predictions = Vec::with_capacity(request.steps);
    for &t in &timesteps {
        let index = (t * last) as usize;
        let sigma =
            *levels.get(index).ok_or_else(|| config.refuse("sampling_eps", eps, "at most 1"))?;
        let next = if index == 0 { 0.0 } else { levels[index - 1] };
        predictions.push(prediction(f64::from(t), sigma, next));
    }
    let sigmas = timesteps.iter().map(|&t| to_f32(min * (max / min).powf(f64::from(t)))).collect();
    let own = ScoreSdeVe {
        snr: config.get("snr", 0.15)?,
        corrections,
        predictions,
        ending: Ending::State,
    };
    Ok(Plan {
        timesteps: timesteps.iter().copied().map(f64::from).collect(),
        sigmas: Some(sigmas),
        init_noise_sigma: max,
        prediction: Prediction::Score,
        path: Path::Own(OwnPath::ScoreSdeVe(own)),
    })
}

/// `x' = x + d² · score + d · noise` with `d² = sigma² − sigma'²` (eq. 46).
fn prediction(t: f64, sigma: f32, next: f32) -> Call {
    let diffusion = (sigma * sigma - next * next).sqrt();
    let share = f64::from(diffusion * diffusion) / f64::from(sigma).powi(2);
    let level = |sigma: f32| Level::new(1.0, f64::from(sigma));
    let mix = Method::Mix(Mix { state: 1.0 - share, clean: share });
    let call = Call::new(t, Prediction::Score, level(sigma), level(next), mix);
    Call { added: f64::from(diffusion), draws: 1, ..call }
}

impl ScoreSdeVe {
    pub(crate) fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.predictions.iter().map(|call| call.from)
    }

    /// The same, told other numbers than its times, and ending with the mean of the last state.
    pub(crate) fn told(&mut self, numbers: &[f64]) {
        self.ending = Ending::Mean;
        for (call, number) in self.predictions.iter_mut().zip(numbers) {
            call.timestep = *number;
        }
    }

    pub(crate) fn walk<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        noise: &mut dyn NoiseSource<X>,
        observer: &mut Observer<'_, X>,
    ) -> Result<X> {
        let mut x = start;
        let mut mean_of_last = None;
        for (done, call) in self.predictions.iter().enumerate() {
            for _ in 0..self.corrections {
                let score = network.output(&x, call.seen, call.timestep)?;
                let drawn = noise.draw()?;
                let ratio = self.snr * mean(&drawn.norms()) / mean(&score.norms());
                let size = 2.0 * ratio * ratio;
                x = X::combine(&[(1.0, &x), (size, &score), ((2.0 * size).sqrt(), &drawn)])?;
            }
            let past = [evaluate(call, network, &x)?];
            if self.ending == Ending::Mean && done + 1 == self.predictions.len() {
                mean_of_last = Some(step(&Call { draws: 0, ..*call }, &past, noise)?);
            }
            x = network.settle(done + 1, step(call, &past, noise)?)?;
            observer(done + 1, &x)?;
        }
        Ok(mean_of_last.unwrap_or(x))
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}
