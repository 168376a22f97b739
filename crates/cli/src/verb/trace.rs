//! `langevin trace`: a scheduler configuration on the exact denoiser of a mixture.

use langevin_schedulers::{Job, Request, trace};
use serde_json::json;

use crate::args::trace::Trace;
use crate::context::Context;
use crate::failure::{Failure, Hint};
use crate::output::Outcome;

pub(crate) fn run(args: &Trace, context: &Context) -> Result<Outcome, Failure> {
    let job = Job {
        scheduler: args.scheduler.clone(),
        mixture: args.mixture.clone(),
        init: args.init.clone(),
        request: Request { eta: args.eta, mode: args.mode, ..Request::steps(args.steps) },
        rng: args.rng,
        seed: context.seed(),
    };
    let traced = trace(&job).hint("`langevin trace --help` says what the files hold")?;
    traced.warnings.iter().for_each(|warning| context.note(warning));
    traced.write(&args.out)?;
    let plan = &traced.plan;
    let text = format!(
        "{} states in {}\ntimesteps {:?}",
        traced.states.len(),
        args.out.display(),
        plan.timesteps
    );
    let text = match &plan.sigmas {
        Some(sigmas) => format!("{text}\nsigmas {sigmas:?}"),
        None => text,
    };
    let json = json!({
        "timesteps": plan.timesteps, "sigmas": plan.sigmas, "init_noise_sigma": plan.init_noise_sigma,
        "warnings": traced.warnings, "out": args.out,
    });
    Ok(Outcome::done(text, json))
}
