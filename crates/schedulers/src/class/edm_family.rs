//! What the EDM classes share: levels `clean + sigma · noise` with the preconditioning of Karras et al. 2022, table 1.

use langevin_core::Prediction;

use crate::numpy::{linspace, to_f32, torch_linspace};
use crate::sigmas::variance_exploding;
use crate::single::exp;
use crate::{Call, Config, Method, Request, Result};

/// Keys of all three classes.
pub(super) const EDM_KEYS: &[&str] = &[
    "sigma_min",
    "sigma_max",
    "sigma_data",
    "sigma_schedule",
    "num_train_timesteps",
    "prediction_type",
    "rho",
    "final_sigmas_type",
];

/// The defaults in which the classes differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    /// `sigma_min`, `sigma_max` and `sigma_data`.
    pub(super) sigmas: (f64, f64, f64),
    pub(super) schedule: &'static str,
    pub(super) prediction: &'static str,
    /// The number that tells the network a level.
    pub(super) told: fn(f64) -> f64,
}

impl Defaults {
    /// Those of the paper's image models.
    pub(super) const EDM: Self = Self {
        sigmas: (0.002, 80.0, 0.5),
        schedule: "karras",
        prediction: "epsilon",
        told: |sigma| 0.25 * sigma.ln(),
    };
}

/// How the levels between the ends are spaced.
#[derive(Clone, Copy, PartialEq)]
enum Schedule {
    Karras,
    Exponential,
}

/// In which precision the Karras levels are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Single,
    Double,
}

/// The levels of an EDM class and what its network outputs.
#[derive(Clone, Debug)]
pub(super) struct Edm {
    pub(super) timesteps: Vec<f64>,
    /// The level at the end included.
    pub(super) sigmas: Vec<f64>,
    pub(super) prediction: Prediction,
    pub(super) init_noise_sigma: f64,
    /// `sigma_min` and `sigma_max`, in float32.
    pub(super) range: (f64, f64),
    /// Whether the last step ends at clean data.
    pub(super) to_clean: bool,
}

impl Edm {
    pub(super) fn new(
        config: &Config,
        request: &Request,
        defaults: Defaults,
        precision: Precision,
    ) -> Result<Self> {
        let (min, max, data) = defaults.sigmas;
        let min = positive(config, "sigma_min", min)?;
        let max = positive(config, "sigma_max", max)?;
        let data = positive(config, "sigma_data", data)?;
        let rho = positive(config, "rho", 7.0)?;
        let schedules = [("karras", Schedule::Karras), ("exponential", Schedule::Exponential)];
        let sigmas = match config.choice("sigma_schedule", defaults.schedule, &schedules)? {
            Schedule::Karras => karras((max, min), rho, request.steps, precision),
            Schedule::Exponential => {
                let logs = torch_linspace(min.ln(), max.ln(), request.steps);
                logs.into_iter().rev().map(|log| f64::from(exp(log))).collect()
            }
        };
        let mut sigmas: Vec<f64> = sigmas.into_iter().map(to_f32).collect();
        let timesteps = sigmas.iter().map(|sigma| to_f32((defaults.told)(*sigma))).collect();
        let to_clean = super::dpm_multistep::ends_clean(config)?;
        // One class ends at the last level, the others at `sigma_min`, which is the same number but for rounding.
        let last = match precision {
            _ if to_clean => 0.0,
            Precision::Double => sigmas[sigmas.len() - 1],
            Precision::Single => to_f32(min),
        };
        sigmas.push(last);
        let kinds = [("epsilon", data), ("v_prediction", -data)];
        // A network of the other sign of v is that of a negative deviation: only `c_out` changes its sign with it.
        let sigma_data = config.choice("prediction_type", defaults.prediction, &kinds)?;
        let prediction = Prediction::Edm { sigma_data };
        let range = (to_f32(min), to_f32(max));
        Ok(Self {
            timesteps,
            sigmas,
            prediction,
            init_noise_sigma: max.hypot(1.0),
            range,
            to_clean,
        })
    }

    /// The call at this index.
    pub(super) fn call(&self, index: usize, method: Method) -> Call {
        let (from, to) = (self.sigmas[index], self.sigmas[index + 1]);
        let (from, to) = (variance_exploding(from), variance_exploding(to));
        Call::new(self.timesteps[index], self.prediction, from, to, method)
    }
}

fn positive(config: &Config, key: &'static str, default: f64) -> Result<f64> {
    let value: f64 = config.get(key, default)?;
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(config.refuse(key, value, "positive and finite"))
}

fn karras((max, min): (f64, f64), rho: f64, steps: usize, precision: Precision) -> Vec<f64> {
    let (from, to) = (max.powf(1.0 / rho), min.powf(1.0 / rho));
    match precision {
        Precision::Double => {
            let ramp = linspace(0.0, 1.0, steps);
            ramp.into_iter().map(|share| (from + share * (to - from)).powf(rho)).collect()
        }
        Precision::Single => {
            let (from, change, rho) = (from as f32, (to - from) as f32, rho as f32);
            let ramp = torch_linspace(0.0, 1.0, steps);
            ramp.into_iter().map(|share| f64::from((from + share * change).powf(rho))).collect()
        }
    }
}
