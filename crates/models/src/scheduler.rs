//! The border between diffusers' `scheduler_config.json` and (schedule, prediction): the only place that knows how
//! diffusers spells either.

use langevin_core::{AnySchedule, Betas, DdpmSchedule, Edm, Prediction, RectifiedFlow, Ve};
use langevin_weights::Config;
use serde_json::{Map, Value, json};

use crate::{Error, Result};

/// The class of configurations that no scheduler of diffusers stands for.
const OWN_CLASS: &str = "LangevinScheduler";

/// Schedulers on the discrete betas of DDPM, with their default first and last beta and beta schedule.
const BETA_CLASSES: [(&str, f64, f64, &str); 10] = [
    ("DDPMScheduler", 1e-4, 0.02, "linear"),
    ("DDIMScheduler", 1e-4, 0.02, "linear"),
    ("PNDMScheduler", 1e-4, 0.02, "linear"),
    ("EulerDiscreteScheduler", 1e-4, 0.02, "linear"),
    ("EulerAncestralDiscreteScheduler", 1e-4, 0.02, "linear"),
    ("HeunDiscreteScheduler", 8.5e-4, 0.012, "linear"),
    ("LMSDiscreteScheduler", 1e-4, 0.02, "linear"),
    ("DPMSolverMultistepScheduler", 1e-4, 0.02, "linear"),
    ("UniPCMultistepScheduler", 1e-4, 0.02, "linear"),
    ("DEISMultistepScheduler", 1e-4, 0.02, "linear"),
];

/// What a `scheduler_config.json` says of the noise levels and of the network's output.
///
/// # Errors
/// Where the class, a schedule or a prediction type is not one that Langevin runs.
pub fn read(config: &Config) -> Result<(AnySchedule, Prediction)> {
    let class = config.class_name().unwrap_or("DDPMScheduler");
    match class {
        OWN_CLASS => read_own(config),
        "FlowMatchEulerDiscreteScheduler" => {
            let shift: f64 = config.get_or("shift", 1.0)?;
            let dynamic: bool = config.get_or("use_dynamic_shifting", false)?;
            if shift != 1.0 || dynamic {
                return Err(unsupported(
                    "shift",
                    &shift,
                    "only an unshifted flow (shift 1, not dynamic) is supported",
                ));
            }
            Ok((AnySchedule::RectifiedFlow(RectifiedFlow), Prediction::Flow))
        }
        "EDMEulerScheduler" => {
            let edm =
                Edm::new(config.get_or("sigma_min", 0.002)?, config.get_or("sigma_max", 80.0)?)?;
            Ok((
                AnySchedule::Edm(edm),
                Prediction::Edm { sigma_data: config.get_or("sigma_data", 0.5)? },
            ))
        }
        "ScoreSdeVeScheduler" => {
            let ve =
                Ve::new(config.get_or("sigma_min", 0.01)?, config.get_or("sigma_max", 1348.0)?)?;
            Ok((AnySchedule::Ve(ve), Prediction::Score))
        }
        _ => match BETA_CLASSES.iter().find(|(name, ..)| *name == class) {
            Some(&(_, start, end, betas)) => read_betas(config, start, end, betas),
            None => {
                let known: Vec<_> = BETA_CLASSES.iter().map(|(name, ..)| *name).collect();
                let expected = format!(
                    "the supported classes are {}, FlowMatchEulerDiscreteScheduler, EDMEulerScheduler, \
                     ScoreSdeVeScheduler and {OWN_CLASS}",
                    known.join(", ")
                );
                Err(unsupported("_class_name", &class, &expected))
            }
        },
    }
}

fn read_betas(
    config: &Config,
    start: f64,
    end: f64,
    betas: &str,
) -> Result<(AnySchedule, Prediction)> {
    for key in ["trained_betas", "rescale_betas_zero_snr"] {
        if let Some(value) =
            config.values().get(key).filter(|v| !v.is_null() && **v != Value::Bool(false))
        {
            return Err(unsupported(key_name(key), &value, "it is not supported"));
        }
    }
    let name: String = config.get_or("beta_schedule", betas.to_owned())?;
    let betas = match name.as_str() {
        "linear" => Betas::Linear,
        "scaled_linear" => Betas::ScaledLinear,
        "squaredcos_cap_v2" => Betas::Cosine,
        "exp" => Betas::Exponential,
        "laplace" => Betas::Laplace,
        "sigmoid" => Betas::Sigmoid,
        _ => {
            let expected = "the supported ones are linear, scaled_linear, squaredcos_cap_v2, exp, laplace and sigmoid";
            return Err(unsupported("beta_schedule", &name, expected));
        }
    };
    let (start, end) = (config.get_or("beta_start", start)?, config.get_or("beta_end", end)?);
    let schedule =
        DdpmSchedule::new(betas, start, end, config.get_or("num_train_timesteps", 1000)?)?;
    let name: String = config.get_or("prediction_type", "epsilon".to_owned())?;
    let prediction = match name.as_str() {
        "epsilon" => Prediction::Noise,
        "sample" => Prediction::Clean,
        "v_prediction" => Prediction::V,
        _ => {
            let expected = "the supported ones are epsilon, sample and v_prediction";
            return Err(unsupported("prediction_type", &name, expected));
        }
    };
    Ok((AnySchedule::Ddpm(schedule), prediction))
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

fn key_name(key: &str) -> &'static str {
    if key == "trained_betas" { "trained_betas" } else { "rescale_betas_zero_snr" }
}

fn unsupported(key: &'static str, found: &dyn std::fmt::Display, expected: &str) -> Error {
    Error::Scheduler { key, found: found.to_string(), expected: expected.to_owned() }
}
