//! `LMSDiscreteScheduler`: the linear multistep method in `sigma`, of order 4.

use langevin_core::solver::Lms;

use super::karras_family::{Karras, Ladders};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "LMSDiscreteScheduler",
    keys: &[BETA_KEYS, LADDER_KEYS, SPACING_KEYS],
    plan,
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
        let method = Method::Lms(Lms { order: ORDER.min(i + 1) });
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
