//! The border between `scheduler_config.json` and (schedule, prediction).
//!
//! The classes of diffusers are read by `langevin_schedulers`; here is the class for what diffusers has none for, and the
//! choice between them in writing.

use langevin_core::{AnySchedule, Betas, Prediction};
use langevin_weights::Config;
use serde_json::{Map, Value, json};

use crate::{Error, Result};

/// The class of configurations that no scheduler of diffusers stands for.
const OWN_CLASS: &str = "LangevinScheduler";

/// What a `scheduler_config.json` says of the noise levels and of the network's output.
///
/// # Errors
/// Where the class, a schedule or a prediction type is not one that Langevin runs.
pub fn read(config: &Config) -> Result<(AnySchedule, Prediction)> {
    match config.class_name() {
        Some(OWN_CLASS) => read_own(config),
        _ => Ok(langevin_schedulers::process(&langevin_schedulers::Config::new(config.clone())?)?),
    }
}

fn read_own(config: &Config) -> Result<(AnySchedule, Prediction)> {
    let value = |key: &'static str| {
        config
            .values()
            .get(key)
            .cloned()
            .ok_or_else(|| unsupported(key, &"nothing", "it has to be there"))
    };
    let schedule = serde_json::from_value(value("schedule")?)
        .map_err(|e| unsupported("schedule", &e, "see there"))?;
    let prediction = serde_json::from_value(value("prediction")?)
        .map_err(|e| unsupported("prediction", &e, "see there"))?;
    Ok((schedule, prediction))
}

/// Class and settings of a scheduler that stands for this schedule and prediction: one of diffusers' own where there
/// is one, so that Python opens the folder.
pub fn write(schedule: &AnySchedule, prediction: Prediction) -> (&'static str, Map<String, Value>) {
    let (class, settings) = match (schedule, prediction) {
        // No class of diffusers that is a DDPM takes these betas by name.
        (AnySchedule::Ddpm(ddpm), _) if ddpm.betas() == Betas::Exponential => {
            (OWN_CLASS, json!({ "schedule": schedule, "prediction": prediction }))
        }
        (AnySchedule::Ddpm(ddpm), Prediction::Noise | Prediction::Clean | Prediction::V) => {
            let (start, end) = ddpm.beta_range();
            let betas = match ddpm.betas() {
                Betas::Linear => "linear",
                Betas::ScaledLinear => "scaled_linear",
                Betas::Cosine => "squaredcos_cap_v2",
                Betas::Exponential => "exp",
                Betas::Laplace => "laplace",
                Betas::Sigmoid => "sigmoid",
            };
            let kind = match prediction {
                Prediction::Clean => "sample",
                Prediction::V => "v_prediction",
                _ => "epsilon",
            };
            let steps = langevin_core::Schedule::steps(schedule);
            let settings = json!({
                "num_train_timesteps": steps, "beta_start": start, "beta_end": end, "beta_schedule": betas,
                "prediction_type": kind, "clip_sample": false,
            });
            ("DDPMScheduler", settings)
        }
        (AnySchedule::RectifiedFlow(_), Prediction::Flow) => (
            "FlowMatchEulerDiscreteScheduler",
            json!({ "num_train_timesteps": 1000, "shift": 1.0 }),
        ),
        (AnySchedule::ShiftedFlow(flow), Prediction::Flow) => (
            "FlowMatchEulerDiscreteScheduler",
            json!({ "num_train_timesteps": 1000, "shift": flow.shift() }),
        ),
        (AnySchedule::Edm(edm), Prediction::Edm { sigma_data }) => {
            let (min, max) = edm.range();
            let settings = json!({
                "sigma_min": min, "sigma_max": max, "sigma_data": sigma_data, "prediction_type": "epsilon",
                "sigma_schedule": "karras", "rho": 7.0,
            });
            ("EDMEulerScheduler", settings)
        }
        (AnySchedule::Ve(ve), Prediction::Score) => {
            let (min, max) = ve.range();
            (
                "ScoreSdeVeScheduler",
                json!({ "num_train_timesteps": 2000, "sigma_min": min, "sigma_max": max }),
            )
        }
        _ => (OWN_CLASS, json!({ "schedule": schedule, "prediction": prediction })),
    };
    let Value::Object(settings) = settings else { unreachable!("json! of braces is an object") };
    (class, settings)
}

/// Whether Python's diffusers has this scheduler class.
pub fn is_diffusers(class: &str) -> bool {
    class != OWN_CLASS
}

fn unsupported(key: &'static str, found: &dyn std::fmt::Display, expected: &str) -> Error {
    Error::Scheduler { key, found: found.to_string(), expected: expected.to_owned() }
}
