//! `EulerAncestralDiscreteScheduler`: Euler steps in `sigma` with the noise of the posterior `q(x' | x, clean)`.

use super::karras_family::{Ladders, ancestral, with_ancestral_noise};
use super::{BETA_KEYS, Class, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal};
use crate::process::Process;
use crate::sigmas::variance_exploding;
use crate::{Call, Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "EulerAncestralDiscreteScheduler",
    keys: &[BETA_KEYS, SPACING_KEYS, &["rescale_betas_zero_snr"]],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Tiny),
};

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "v_prediction"])?;
    let ladders = Ladders::at_timesteps(config, request, &Betas::DDPM, Terminal::Tiny)?.ending(0.0);
    start::check(config, request, &ladders.timesteps)?;
    let levels = ladders.sigmas.windows(2);
    let calls = ladders.timesteps.iter().zip(levels).map(|(&timestep, pair)| {
        let (from, to) = (variance_exploding(pair[0]), variance_exploding(pair[1]));
        let call = Call::new(timestep, prediction, from, to, Method::Euler).scaled(prediction);
        with_ancestral_noise(call, ancestral(request, pair[0], pair[1]))
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: ladders.init_noise_sigma(),
        timesteps: ladders.timesteps,
        sigmas: Some(ladders.sigmas),
        prediction,
    })
}
