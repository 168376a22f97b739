//! `LMSDiscreteScheduler`: the linear multistep method in `sigma`, of order 4.

use langevin_core::solver::{Form, Lms};

use super::karras_family::{Karras, Ladders};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::weighted::Weighted;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "LMSDiscreteScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

const ORDER: usize = 4;

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let ladders = Ladders::new(config, request, &Betas::DDPM, Karras::OwnEnds)?.ending(0.0);
    start::check(config, request, &ladders.timesteps)?;
    let levels = ladders.sigmas.windows(2);
    let calls = ladders.timesteps.iter().zip(levels).enumerate().map(|(i, (&timestep, pair))| {
        let (from, to) = (variance_exploding(pair[0]), variance_exploding(pair[1]));
        let method = method(&ladders.sigmas, i, request.made(i) + 1);
        Call::new(timestep, prediction, from, to, method).scaled(prediction)
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps: ladders.timesteps,
        sigmas: Some(ladders.sigmas),
        prediction,
    })
}

/// The step from level `i`, for which `known` noises are known.
///
/// Where the way began in the middle, diffusers has the weights of all levels before, and leaves out the terms whose noise
/// it does not know.
fn method(sigmas: &[f64], i: usize, known: usize) -> Method {
    let order = ORDER.min(i + 1);
    if known >= order {
        return Method::Lms(Lms { order });
    }
    let from: Vec<f64> = (0..order).map(|back| sigmas[i - back]).collect();
    let mut on = [0.0; 5];
    on.iter_mut().zip(Lms::weights(&from, sigmas[i + 1])).take(known).for_each(|(on, w)| *on = w);
    Method::Weighted(Weighted { form: Form::Noise, state: 1.0, on })
}
