//! `UniPCMultistepScheduler`: UniPC of any order with `B₁` or `B₂` (Zhao et al. 2023).

use langevin_core::solver::{Form, Slope, UniPc};

use super::dpm_family::{DPM_KEYS, FLOW_KEYS, Reading, Training, Way};
use super::dpm_multistep::{ends_clean, order};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::numpy::linspace;
use crate::process::Process;
use crate::sigmas::Ladder;
use crate::spacing::{Spacing, whole};
use crate::{Config, Estimate, Method, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "UniPCMultistepScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        SPACING_KEYS,
        THRESHOLD_KEYS,
        DPM_KEYS,
        FLOW_KEYS,
        &["predict_x0", "disable_corrector", "solver_p", "final_sigmas_type", "shift_terminal"],
        &["rescale_betas_zero_snr"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Tiny),
};

const SLOPES: &[(&str, Slope)] = &[
    ("bh2", Slope::Midpoint),
    ("bh1", Slope::Half),
    ("midpoint", Slope::Midpoint),
    ("heun", Slope::Midpoint),
    ("logrho", Slope::Midpoint),
];

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    if config.optional::<serde_json::Map<String, serde_json::Value>>("solver_p")?.is_some() {
        return Err(config.refuse("solver_p", "a scheduler", "null"));
    }
    let form = if config.flag("predict_x0", true)? { Form::Data } else { Form::Noise };
    let slope = config.choice("solver_type", "bh2", SLOPES)?;
    let (order, lower) = (order(config)?, config.flag("lower_order_final", true)?);
    let disabled: Vec<i64> = config.get("disable_corrector", Vec::new())?;
    let way = way(config, request)?;
    start::check(config, request, &way.timesteps)?;
    let mut reading = Reading { channels: None, ..Reading::of(config, form)? };
    if form == Form::Noise {
        // The noise is taken as it is, whatever `thresholding` says.
        reading.estimate = Estimate::Plain;
    }
    let predictor = |i: usize| {
        let left = if lower { way.len() - i } else { order };
        order.min(left).min(request.made(i) + 1)
    };
    let calls = (0..way.len()).map(|i| {
        let method = UniPc { predictor: predictor(i), corrector: 0, form, slope };
        let mut call = way.call(i, reading, Method::UniPc(method));
        if request.made(i) > 0 && !disabled.contains(&(i as i64 - 1)) {
            // A step is corrected with as many evaluations as it was predicted with.
            let before = predictor(i - 1);
            call.corrector =
                Some(Method::UniPc(UniPc { predictor: before, corrector: before, form, slope }));
        }
        call
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

fn way(config: &Config, request: &Request) -> Result<Way> {
    let training = Training::new(config, Terminal::Tiny)?;
    let steps = request.steps;
    let to_clean = ends_clean(config)?;
    if config.flag("use_dynamic_shifting", false)? {
        return Err(config.impossible("use_dynamic_shifting needs a shift from the pipeline"));
    }
    let terminal: Option<f64> = config.optional("shift_terminal")?;
    if terminal.is_some() && !training.flow {
        return Err(config.impossible("shift_terminal goes with use_flow_sigmas only"));
    }
    let (mut sigmas, timesteps) = match training.ladder {
        Ladder::AtTimesteps if training.flow => flow_levels(config, &training, steps, terminal)?,
        Ladder::AtTimesteps => {
            let spacing = Spacing::of(config, "linspace")?;
            let spaced = whole(config, spacing, (training.total, training.total), steps)?;
            let last = if to_clean { 0.0 } else { training.least() };
            return Ok(Way::new(spaced.clone(), training.at(&spaced), last, false));
        }
        Ladder::Karras => {
            let (sigmas, timesteps) = training.ladder(config, steps)?;
            (sigmas, timesteps.into_iter().map(f64::round_ties_even).collect())
        }
        Ladder::Exponential | Ladder::Beta => training.ladder(config, steps)?,
    };
    let mut timesteps: Vec<f64> = timesteps;
    if training.ladder == Ladder::Karras && training.flow {
        sigmas.iter_mut().for_each(|sigma| *sigma /= *sigma + 1.0);
        timesteps = sigmas.iter().map(|sigma| sigma * training.total as f64).collect();
    }
    let last = if to_clean { 0.0 } else { sigmas[sigmas.len() - 1] };
    Ok(Way::new(timesteps, sigmas, last, training.flow))
}

/// Levels of a shifted flow; pure noise is avoided by a millionth.
fn flow_levels(
    config: &Config,
    training: &Training,
    steps: usize,
    terminal: Option<f64>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    const EPSILON: f64 = 1e-6;
    let shift: f64 = config.get("flow_shift", 1.0)?;
    let mut sigmas = linspace(1.0, 1.0 / training.total as f64, steps + 1);
    sigmas.pop();
    for sigma in &mut sigmas {
        *sigma = shift * *sigma / (1.0 + (shift - 1.0) * *sigma);
    }
    if let Some(terminal) = terminal.filter(|terminal| *terminal != 0.0) {
        // Stretched so that the last level is the terminal one.
        let factor = (1.0 - sigmas[steps - 1]) / (1.0 - terminal);
        sigmas.iter_mut().for_each(|sigma| *sigma = 1.0 - (1.0 - *sigma) / factor);
    }
    if (sigmas[0] - 1.0).abs() < EPSILON {
        sigmas[0] -= EPSILON;
    }
    let timesteps = sigmas.iter().map(|sigma| sigma * training.total as f64).collect();
    Ok((sigmas, timesteps))
}
