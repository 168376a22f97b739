//! What a configuration says of the process itself: noise levels by time and what the network outputs, for solvers of
//! the core in place of the class's own steps.

use langevin_core::schedule::{
    Betas as CoreBetas, DdpmSchedule, Edm, RectifiedFlow, ShiftedFlow, Table, Ve, Vp,
};
use langevin_core::{AnySchedule, Prediction};

use crate::alphas::{Betas, Curve, Terminal, alphas_cumprod, train_timesteps};
use crate::class;
use crate::{Config, Result};

/// The process that the networks of a class are trained on.
#[derive(Clone, Copy)]
pub(crate) enum Process {
    /// Betas by timestep.
    Betas(&'static Betas, Terminal),
    /// The straight path, with the default shift.
    Flow {
        /// The class's default of `shift`.
        shift: f64,
    },
    /// EDM's levels and preconditioning.
    Edm,
    /// Variance exploding.
    Ve,
    /// Variance preserving, in continuous time.
    Vp,
    /// None that another solver could run: the class's steps are part of what was trained.
    None,
}

/// The schedule and the prediction of a configuration.
///
/// # Errors
/// Where the class is not run, fits no other solver than its own, or a value is not one it takes.
pub fn process(config: &Config) -> Result<(AnySchedule, Prediction)> {
    match class::of(config)?.process {
        Process::Betas(defaults, terminal) => betas(config, defaults, terminal),
        Process::Flow { shift } => {
            if config.flag("use_dynamic_shifting", false)? {
                return Err(config.refuse(
                    "use_dynamic_shifting",
                    "true",
                    "false with any other solver than the class's own, because the levels depend on the size",
                ));
            }
            Ok((flow(config.get("shift", shift)?)?, Prediction::Flow))
        }
        Process::Edm => {
            let kind = config.get("prediction_type", "epsilon".to_owned())?;
            if kind != "epsilon" {
                return Err(config.refuse(
                    "prediction_type",
                    format!("\"{kind}\""),
                    "epsilon with any other solver than the class's own",
                ));
            }
            let edm = Edm::new(config.get("sigma_min", 0.002)?, config.get("sigma_max", 80.0)?)?;
            let sigma_data = config.get("sigma_data", 0.5)?;
            Ok((AnySchedule::Edm(edm), Prediction::Edm { sigma_data }))
        }
        Process::Ve => {
            let ve = Ve::new(config.get("sigma_min", 0.01)?, config.get("sigma_max", 1348.0)?)?;
            Ok((AnySchedule::Ve(ve), Prediction::Score))
        }
        Process::Vp => {
            let vp = Vp::new(config.get("beta_min", 0.1)?, config.get("beta_max", 20.0)?)?;
            Ok((AnySchedule::Vp(vp), Prediction::Noise))
        }
        Process::None => Err(config.impossible(
            "its steps are part of what its networks learnt, so that no other solver fits them",
        )),
    }
}

fn flow(shift: f64) -> Result<AnySchedule> {
    Ok(match shift {
        1.0 => AnySchedule::RectifiedFlow(RectifiedFlow),
        shift => AnySchedule::ShiftedFlow(ShiftedFlow::new(shift)?),
    })
}

fn betas(
    config: &Config,
    defaults: &Betas,
    terminal: Terminal,
) -> Result<(AnySchedule, Prediction)> {
    let names = ["epsilon", "sample", "v_prediction", "flow_prediction"];
    let prediction = class::prediction(config, &names)?;
    if prediction == Prediction::Flow {
        return Ok((flow(config.get("flow_shift", 1.0)?)?, prediction));
    }
    let rescaled =
        terminal != Terminal::AsTrained && config.flag("rescale_betas_zero_snr", false)?;
    if rescaled || config.optional::<Vec<f64>>("trained_betas")?.is_some() {
        let bars = alphas_cumprod(config, defaults, terminal)?;
        let bars: Vec<f64> = bars.into_iter().map(f64::from).collect();
        return Ok((AnySchedule::Table(Table::new(&bars)?), prediction));
    }
    let curve = match config.choice("beta_schedule", defaults.schedule, defaults.schedules)? {
        Curve::Linear => CoreBetas::Linear,
        Curve::Scaled => CoreBetas::ScaledLinear,
        Curve::Cosine => CoreBetas::Cosine,
        Curve::Exponential => CoreBetas::Exponential,
        Curve::Laplace => CoreBetas::Laplace,
        Curve::Sigmoid => CoreBetas::Sigmoid,
    };
    let start = config.get("beta_start", defaults.start)?;
    let end = config.get("beta_end", defaults.end)?;
    let schedule = DdpmSchedule::new(curve, start, end, train_timesteps(config, 1000)?)?;
    Ok((AnySchedule::Ddpm(schedule), prediction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(AnySchedule, Prediction)> {
        process(&Config::parse(text).unwrap())
    }

    #[test]
    fn defaults_are_those_of_the_class() {
        let (schedule, prediction) = of(r#"{"_class_name": "LCMScheduler"}"#).unwrap();
        assert_eq!(schedule, AnySchedule::Ddpm(DdpmSchedule::scaled_linear()));
        assert_eq!(prediction, Prediction::Noise);
        let (schedule, _) = of(r#"{"_class_name": "DDPMScheduler"}"#).unwrap();
        assert_eq!(schedule, AnySchedule::Ddpm(DdpmSchedule::linear()));
    }

    #[test]
    fn a_table_stands_for_what_has_no_name() {
        let text = r#"{"_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true, "prediction_type": "v_prediction"}"#;
        let (schedule, prediction) = of(text).unwrap();
        assert_eq!(prediction, Prediction::V);
        assert_eq!(langevin_core::Schedule::level(&schedule, 1.0).alpha, 0.0);
        let trained = r#"{"_class_name": "DDIMScheduler", "trained_betas": [0.1, 0.2]}"#;
        assert_eq!(langevin_core::Schedule::steps(&of(trained).unwrap().0), 2);
    }

    #[test]
    fn shifted_flows_are_shifted() {
        let text = r#"{"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}"#;
        let (schedule, prediction) = of(text).unwrap();
        assert_eq!(schedule, AnySchedule::ShiftedFlow(ShiftedFlow::new(3.0).unwrap()));
        assert_eq!(prediction, Prediction::Flow);
    }

    #[test]
    fn classes_with_steps_of_their_own_say_so() {
        let error = of(r#"{"_class_name": "SCMScheduler"}"#).unwrap_err().to_string();
        assert!(error.contains("no other solver fits"), "{error}");
    }
}
