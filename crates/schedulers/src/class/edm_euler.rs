//! `EDMEulerScheduler`: Euler steps in `sigma` for networks with the preconditioning of EDM (Karras et al. 2022).

use super::Class;
use super::edm_family::{Defaults, EDM_KEYS, Edm, Precision};
use crate::process::Process;
use crate::{Config, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class =
    Class { name: "EDMEulerScheduler", keys: &[EDM_KEYS], plan, order: 1, process: Process::Edm };

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let edm = Edm::new(config, request, Defaults::EDM, Precision::Double)?;
    start::check(config, request, &edm.timesteps)?;
    let calls = (0..edm.timesteps.len()).map(|i| edm.call(i, Method::Euler));
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: edm.init_noise_sigma,
        prediction: edm.prediction,
        timesteps: edm.timesteps,
        sigmas: Some(edm.sigmas),
    })
}
