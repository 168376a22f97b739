//! `DEISMultistepScheduler`: exponential Adams–Bashforth on the noise in `ln(sigma/alpha)`, orders 1 to 3
//! (Zhang and Chen 2023).

use langevin_core::solver::{Deis, Form};

use super::dpm_family::{DPM_KEYS, FLOW_KEYS, Reading, Training, Way};
use super::dpm_multistep::{Ending, order};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::Ladder;
use crate::single;
use crate::spacing::{Spacing, whole};
use crate::{Config, Method, Mode, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "DEISMultistepScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS, DPM_KEYS, FLOW_KEYS],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    // There is one method; names of others are read as its own.
    config.choice(
        "algorithm_type",
        "deis",
        &["deis", "dpmsolver", "dpmsolver++"].map(|n| (n, ())),
    )?;
    let types = ["logrho", "midpoint", "heun", "bh1", "bh2"].map(|name| (name, ()));
    config.choice("solver_type", "logrho", &types)?;
    let training = Training::new(config, Terminal::AsTrained)?;
    let spacing = Spacing::of(config, "linspace")?;
    let spaced = whole(config, spacing, (training.total, training.total), request.steps)?;
    let way = repeating_way(config, request, &training, spaced)?;
    start::check(config, request, &way.timesteps)?;
    let reading = Reading { channels: None, ..Reading::of(config, Form::Data)? };
    let ending = Ending { lower: config.flag("lower_order_final", true)?, first: false };
    let orders = ending.orders(order(config)?, way.len(), request);
    let call = |(i, &order): (usize, &usize)| {
        let rounded = single::deis(way.single(i + 1, 1)[0], &way.single(i, order));
        let method = if request.mode == Mode::AsDiffusers && rounded.is_finite() {
            Method::Weighted(rounded)
        } else {
            Method::Deis(Deis { order })
        };
        way.call(i, reading, method)
    };
    let calls = orders.iter().enumerate().map(call);
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

/// The way of the classes that end at the last level of a ladder once more, so that their last step goes nowhere.
pub(super) fn repeating_way(
    config: &Config,
    request: &Request,
    training: &Training,
    spaced: Vec<f64>,
) -> Result<Way> {
    let steps = request.steps;
    if training.ladder == Ladder::AtTimesteps && !training.flow {
        let sigmas = training.at(&spaced);
        return Ok(Way::new(spaced, sigmas, training.least(), false));
    }
    let (sigmas, timesteps) = match training.ladder {
        Ladder::AtTimesteps => training.flow_levels(config, steps)?,
        Ladder::Karras => {
            let (sigmas, timesteps) = training.ladder(config, steps)?;
            (sigmas, timesteps.into_iter().map(f64::round_ties_even).collect())
        }
        Ladder::Exponential | Ladder::Beta => training.ladder(config, steps)?,
    };
    let last = sigmas[sigmas.len() - 1];
    Ok(Way::new(timesteps, sigmas, last, training.flow))
}
