//! `DDPMScheduler` and `DDPMParallelScheduler`: the posterior `q(x' | x, clean)` of Ho et al. 2020, eq. 6 and 7, with one
//! of several variances, two of which the network outputs beside its prediction.
//!
//! Known bug: `fixed_large_log` takes the root of a logarithm, which is no number; the fixed mode draws noise of variance
//! `beta`.

use super::discrete::{Timeline, call, estimate};
use super::{BETA_KEYS, Class, SPACING_KEYS, THRESHOLD_KEYS, prediction};
use crate::alphas::{Betas, CURVES, Curve, Terminal};
use crate::mix::Mix;
use crate::process::Process;
use crate::{Call, Config, Learned, Method, Mode, Path, Plan, Request, Result};

const KEYS: &[&[&str]] = &[
    BETA_KEYS,
    SPACING_KEYS,
    THRESHOLD_KEYS,
    &["variance_type", "clip_sample", "clip_sample_range", "rescale_betas_zero_snr"],
];

pub(super) const CLASS: Class = Class {
    name: "DDPMScheduler",
    keys: KEYS,
    plan,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::Zero),
};
pub(super) const PARALLEL: Class = Class {
    name: "DDPMParallelScheduler",
    keys: KEYS,
    plan,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::Zero),
};

const BETAS: Betas = Betas {
    schedules: &[
        CURVES[0],
        CURVES[1],
        CURVES[2],
        ("laplace", Curve::Laplace),
        ("sigmoid", Curve::Sigmoid),
    ],
    ..Betas::DDPM
};

/// How much noise is added.
#[derive(Clone, Copy, PartialEq)]
enum Variance {
    Small,
    Large,
    LargeLog,
    Learned,
    LearnedRange,
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "sample", "v_prediction"])?;
    let estimate = estimate(config, true)?;
    let variance = config.choice(
        "variance_type",
        "fixed_small",
        &[
            ("fixed_small", Variance::Small),
            ("fixed_small_log", Variance::Small),
            ("fixed_large", Variance::Large),
            ("fixed_large_log", Variance::LargeLog),
            ("learned", Variance::Learned),
            ("learned_range", Variance::LearnedRange),
        ],
    )?;
    let line = Timeline::new(config, request, (&BETAS, Terminal::Zero))?;
    let mut calls = Vec::with_capacity(line.visited.len());
    for (index, &t) in line.visited.iter().enumerate() {
        let (now, to) = (line.bar(config, t)?, line.bar_or(config, line.next(index), 1.0)?);
        let posterior = Posterior::new(now as f32, to as f32);
        let to = super::discrete::held(to);
        let step = call(t, now, (prediction, estimate), to, Method::Mix(posterior.mean));
        calls.push(match (t > 0, variance, request.mode) {
            (_, Variance::Learned, _) => learned(step, Learned::Variance),
            (_, Variance::LearnedRange, _) => {
                let [low, high] = [posterior.small, posterior.large].map(|size| 2.0 * size.ln());
                learned(step, Learned::Range { low, high })
            }
            (false, _, _) => step,
            (true, Variance::Small, _) => noisy(step, posterior.small),
            (true, Variance::Large, _) | (true, Variance::LargeLog, Mode::Fixed) => {
                noisy(step, posterior.large)
            }
            (true, Variance::LargeLog, Mode::AsDiffusers) if index < request.left_out() => step,
            // ln 1 has a root.
            (true, Variance::LargeLog, Mode::AsDiffusers) if posterior.large == 1.0 => {
                noisy(step, 0.0)
            }
            (true, Variance::LargeLog, Mode::AsDiffusers) => {
                return Err(config.impossible(
                    "the variance type fixed_large_log takes the root of a negative number in diffusers",
                ));
            }
        });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Calls(calls),
    })
}

fn noisy(call: Call, added: f64) -> Call {
    Call { added, draws: 1, ..call }
}

/// Noise of a learned variance, but in the step to timestep 0.
fn learned(call: Call, learned: Learned) -> Call {
    Call { learned: Some(learned), draws: usize::from(call.timestep > 0.0), ..call }
}

/// The posterior between two `alpha_bar`, computed in float32: `beta = 1 − ᾱ/ᾱ'` loses digits there, which show in the
/// share of the clean estimate near the end.
pub(super) struct Posterior {
    pub(super) mean: Mix,
    /// Standard deviation of `q(x' | x, clean)`.
    pub(super) small: f64,
    /// `√beta`.
    pub(super) large: f64,
}

impl Posterior {
    pub(super) fn new(now: f32, to: f32) -> Self {
        let kept = now / to;
        Self::with_beta((now, to), (1.0 - kept, kept))
    }

    /// The same with this `(beta, 1 − beta)`.
    pub(super) fn with_beta((now, to): (f32, f32), (beta, kept): (f32, f32)) -> Self {
        let clean = to.sqrt() * beta / (1.0 - now);
        let state = kept.sqrt() * (1.0 - to) / (1.0 - now);
        let small = ((1.0 - to) / (1.0 - now) * beta).max(1e-20).sqrt();
        Self {
            mean: Mix { state: f64::from(state), clean: f64::from(clean) },
            small: f64::from(small),
            large: f64::from(beta.sqrt()),
        }
    }
}
