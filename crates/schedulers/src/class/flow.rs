//! What the flow-matching classes share: noise levels `sigma` of `x = (1 − sigma) · clean + sigma · noise`, shifted to
//! a resolution (Esser et al. 2024, eq. 23), stretched, respaced and turned around.
//!
//! Known bug: the smallest level is stored after the shift and shifted again with all others (diffusers issue 13243);
//! in the fixed mode the ends of the range are those before the shift.

use langevin_core::Level;

use crate::alphas::train_timesteps;
use crate::numpy::{linspace, to_f32};
use crate::sigmas::Ladder;
use crate::{Config, Levels, Mode, Request, Result};

/// The keys of the levels.
pub(super) const FLOW_KEYS: &[&str] = &[
    "num_train_timesteps",
    "shift",
    "use_dynamic_shifting",
    "base_shift",
    "max_shift",
    "base_image_seq_len",
    "max_image_seq_len",
    "invert_sigmas",
    "shift_terminal",
    "time_shift_type",
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "sigma_min",
    "sigma_max",
];

/// Levels, the end of the way included, and the timestep of each but the last.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) sigmas: Vec<f64>,
    pub(super) timesteps: Vec<f64>,
}

/// The level of the straight path.
pub(super) fn level(sigma: f64) -> Level {
    Level::new(1.0 - sigma, sigma)
}

/// `shift · sigma/(1 + (shift − 1) · sigma)`.
pub(super) fn shifted(sigma: f64, shift: f64) -> f64 {
    shift * sigma / (1.0 + (shift - 1.0) * sigma)
}

/// The same in float32.
fn shifted_f32(sigma: f32, shift: f64) -> f32 {
    shift as f32 * sigma / (1.0 + (shift - 1.0) as f32 * sigma)
}

/// Even levels between the schedule's largest and smallest, which have been shifted once already, but for the fixed
/// mode.
pub(super) fn even(config: &Config, request: &Request, shift: f64) -> Result<Vec<f64>> {
    let total = train_timesteps(config, 1000)?;
    let count = total as f32;
    let end = |timestep: f32| match request.mode {
        Mode::AsDiffusers => f64::from(shifted_f32(timestep / count, shift)),
        Mode::Fixed => f64::from(timestep / count),
    };
    let (largest, smallest, total) = (end(count), end(1.0), total as f64);
    Ok(linspace(largest * total, smallest * total, request.steps)
        .into_iter()
        .map(|timestep| timestep / total)
        .collect())
}

/// The levels that are shifted.
fn unshifted(config: &Config, request: &Request, shift: f64) -> Result<Vec<f64>> {
    match request.levels {
        Levels::Configured => even(config, request, shift),
        Levels::Whole => {
            let levels = linspace(1.0, 1.0 / request.steps as f64, request.steps);
            Ok(levels.into_iter().map(to_f32).collect())
        }
    }
}

/// How a level moves with the resolution.
#[derive(Clone, Copy)]
enum TimeShift {
    Exponential,
    Linear,
}

impl Flow {
    /// The levels of a configuration.
    ///
    /// Where `use_dynamic_shifting` is on, diffusers asks its caller for `mu`; where the request has none it is
    /// `base_shift`, the value for images of `base_image_seq_len` tokens.
    pub(super) fn new(config: &Config, request: &Request) -> Result<Self> {
        let ladder = Ladder::of(config)?;
        let kinds = [("exponential", TimeShift::Exponential), ("linear", TimeShift::Linear)];
        let kind = config.choice("time_shift_type", "exponential", &kinds)?;
        let shift: f64 = config.get("shift", 1.0)?;
        let mut sigmas = if config.flag("use_dynamic_shifting", false)? {
            let mu = request.mu.map_or_else(|| config.get("base_shift", 0.5), Ok)?;
            let scale = match kind {
                TimeShift::Exponential => mu.exp(),
                TimeShift::Linear => mu,
            };
            let even = unshifted(config, request, 1.0)?;
            even.into_iter().map(|sigma| scale / (scale + (1.0 / sigma - 1.0))).collect()
        } else {
            let even = unshifted(config, request, shift)?;
            even.into_iter().map(|sigma| shifted(sigma, shift)).collect::<Vec<_>>()
        };
        if let Some(terminal) = config.optional::<f64>("shift_terminal")?.filter(|t| *t != 0.0) {
            let scale = (1.0 - sigmas[sigmas.len() - 1]) / (1.0 - terminal);
            sigmas.iter_mut().for_each(|sigma| *sigma = 1.0 - (1.0 - *sigma) / scale);
        }
        if ladder != Ladder::AtTimesteps {
            let ends = (sigmas[0], sigmas[sigmas.len() - 1]);
            sigmas = ladder.levels(config, ends, request.steps)?;
        }
        if let Some(sigma) = sigmas.iter().find(|sigma| !sigma.is_finite()) {
            return Err(config.impossible(format!("one of its noise levels is {sigma}")));
        }
        Self::ending(config, sigmas)
    }

    /// Levels rounded to float32, with their timesteps and the end of the way.
    fn ending(config: &Config, mut sigmas: Vec<f64>) -> Result<Self> {
        let inverted = config.flag("invert_sigmas", false)?;
        let total = train_timesteps(config, 1000)? as f32;
        let rounded = |sigma: f64| {
            let sigma = sigma as f32;
            if inverted { 1.0 - sigma } else { sigma }
        };
        sigmas.iter_mut().for_each(|sigma| *sigma = f64::from(rounded(*sigma)));
        let timesteps = sigmas.iter().map(|&sigma| f64::from(sigma as f32 * total)).collect();
        sigmas.push(to_f32(if inverted { 1.0 } else { 0.0 }));
        Ok(Self { sigmas, timesteps })
    }
}
