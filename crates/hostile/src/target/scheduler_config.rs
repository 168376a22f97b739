//! `scheduler_config.json`: the settings, and the plan of calls that they make.

use langevin_schedulers::{Config, Mode, Plan, Request};
use serde_json::Value;

use super::{Target, json};
use crate::repository::{folder, recorded};

pub(super) const TARGET: Target = Target {
    name: "scheduler_config",
    seeds,
    mutate: json::mutate,
    read,
    // `num_train_timesteps` may be a million: some lists of as many numbers.
    memory: (128 << 20, 256),
};

fn seeds() -> Vec<Vec<u8>> {
    let mut found = recorded(&["scheduler_config.json"]);
    for cases in folder("crates/schedulers/tests/golden") {
        let Ok(Value::Array(cases)) = serde_json::from_slice(&cases) else { continue };
        for case in cases {
            found.extend(case.get("scheduler").map(|config| config.to_string().into_bytes()));
        }
    }
    found
}

fn read(bytes: &[u8]) -> bool {
    let parsed = langevin_weights::Config::parse("scheduler_config.json", bytes);
    let Some(config) = parsed.ok().and_then(|config| Config::new(config).ok()) else {
        return false;
    };
    let _ = config.warnings();
    let steps = 1 + bytes.len() % 7;
    let modes = [Mode::AsDiffusers, Mode::Fixed];
    let request = Request { mode: modes[bytes.len() % 2], ..Request::steps(steps) };
    match Plan::new(&config, &request) {
        Err(_) => false,
        Ok(plan) => plan.calls() > 0,
    }
}
