//! `DPMSolverMultistepScheduler`: DPM-Solver and DPM-Solver++ with history, orders 1 to 3, and their SDE forms
//! (Lu et al. 2022).

use langevin_core::solver::{Curvature, DpmMultistep, Form, Slope, posterior_noise};

use super::dpm_family::{DPM_KEYS, FLOW_KEYS, Reading, Training, Way};
use super::{BETA_KEYS, Class, LADDER_KEYS, SPACING_KEYS, THRESHOLD_KEYS};
use crate::alphas::{Betas, Terminal};
use crate::numpy::linspace;
use crate::numpy_log::log;
use crate::process::Process;
use crate::sigmas::Ladder;
use crate::single::{self, Kind};
use crate::{Call, Config, Method, Mode, Path, Plan, Request, Result, start};

pub(super) const CLASS: Class = Class {
    name: "DPMSolverMultistepScheduler",
    keys: &[
        BETA_KEYS,
        LADDER_KEYS,
        SPACING_KEYS,
        THRESHOLD_KEYS,
        DPM_KEYS,
        FLOW_KEYS,
        &["euler_at_final", "use_lu_lambdas", "final_sigmas_type", "rescale_betas_zero_snr"],
        &["lambda_min_clipped"],
    ],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::Tiny),
};

/// Which equation is solved, in which form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm {
    pub(super) form: Form,
    /// Whether it is the SDE.
    pub(super) stochastic: bool,
    pub(super) slope: Slope,
    /// How many evaluations count.
    pub(super) order: usize,
}

/// The values of `algorithm_type`: form and whether it is the SDE. The last name is read as `dpmsolver++`.
const ALGORITHMS: &[(&str, (Form, bool))] = &[
    ("dpmsolver++", (Form::Data, false)),
    ("sde-dpmsolver++", (Form::Data, true)),
    ("dpmsolver", (Form::Noise, false)),
    ("sde-dpmsolver", (Form::Noise, true)),
    ("deis", (Form::Data, false)),
];

/// The values of `solver_type`; the last three are read as `midpoint`.
pub(super) const SLOPES: &[(&str, Slope)] = &[
    ("midpoint", Slope::Midpoint),
    ("heun", Slope::Exact),
    ("logrho", Slope::Midpoint),
    ("bh1", Slope::Midpoint),
    ("bh2", Slope::Midpoint),
];

impl Algorithm {
    /// What the configuration asks for; `known` are the class's values of `algorithm_type`.
    pub(super) fn of(config: &Config, known: &[&str]) -> Result<Self> {
        let names: Vec<_> =
            ALGORITHMS.iter().copied().filter(|(name, _)| known.contains(name)).collect();
        let (form, stochastic) = config.choice("algorithm_type", "dpmsolver++", &names)?;
        Ok(Self {
            form,
            stochastic,
            slope: config.choice("solver_type", "midpoint", SLOPES)?,
            order: order(config)?,
        })
    }

    /// The multistep method of an order, which the caller has lowered where history is short.
    fn multistep(self, mode: Mode, order: usize) -> Method {
        // diffusers halves the second moment, and in the SDE's data form subtracts 1 from it.
        let shift = if self.stochastic { -1.0 } else { 0.0 };
        let curvature = match mode {
            Mode::AsDiffusers => Curvature { factor: 0.5, shift },
            Mode::Fixed => Curvature::EXACT,
        };
        Method::DpmMultistep(DpmMultistep { order, form: self.form, slope: self.slope, curvature })
    }

    /// The same method with coefficients as diffusers rounds them, where that is asked for and they are numbers.
    pub(super) fn rounded(
        self,
        request: &Request,
        to: single::Level,
        from: &[single::Level],
    ) -> Method {
        let kind = Kind { form: self.form, stochastic: self.stochastic, slope: self.slope };
        match request.mode {
            Mode::Fixed => self.multistep(request.mode, from.len()),
            Mode::AsDiffusers => {
                let weighted = single::dpm(kind, to, from);
                let rounded = weighted.is_finite().then_some(Method::Weighted(weighted));
                rounded.unwrap_or_else(|| self.multistep(request.mode, from.len()))
            }
        }
    }

    /// The call with the noise of the SDE, from a step that started at `start`.
    pub(super) fn with_noise(self, call: Call, start: langevin_core::Level) -> Call {
        if !self.stochastic {
            return call;
        }
        let (from, to) = (start, call.to);
        match self.form {
            Form::Data => call.with_noise(posterior_noise(from, to, 1.0)),
            Form::Noise => {
                // sigma' · √(e^{2h} − 1), which may be larger than sigma'.
                let growth = (to.alpha * from.ratio() / to.sigma).powi(2) - 1.0;
                call.with_noise(to.sigma * growth.max(0.0).sqrt())
            }
        }
    }
}

/// `solver_order`.
pub(super) fn order(config: &Config) -> Result<usize> {
    let order = config.get("solver_order", 2)?;
    if order == 0 {
        return Err(config.refuse("solver_order", order, "at least 1"));
    }
    Ok(order)
}

/// Where the last step ends: at clean data, or at the least noise of training.
pub(super) fn ends_clean(config: &Config) -> Result<bool> {
    config.choice("final_sigmas_type", "zero", &[("zero", true), ("sigma_min", false)])
}

/// How the order falls at the end of the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// `lower_order_final`: short ways end with orders 2 and 1.
    pub(super) lower: bool,
    /// Whether the last step is of order 1 in any case.
    pub(super) first: bool,
}

impl Ending {
    pub(super) fn of(config: &Config, to_clean: bool) -> Result<Self> {
        let first = to_clean || config.flag("euler_at_final", false)?;
        Ok(Self { lower: config.flag("lower_order_final", true)?, first })
    }

    /// The order of each of `count` steps: it warms up where the way begins, and may fall at the end.
    pub(super) fn orders(self, order: usize, count: usize, request: &Request) -> Vec<usize> {
        let lower = self.lower && count < 15;
        let of = |i: usize| {
            let most = match count - i {
                1 if self.first || lower => 1,
                2 if lower => 2,
                _ => 3,
            };
            order.min(request.made(i) + 1).min(most)
        };
        (0..count).map(of).collect()
    }
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let known = ["dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver", "deis"];
    let algorithm = Algorithm::of(config, &known)?;
    let to_clean = ends_clean(config)?;
    refuse_clean_end(config, to_clean)?;
    let way = way(config, request, to_clean)?;
    start::check(config, request, &way.timesteps)?;
    let orders = Ending::of(config, to_clean)?.orders(algorithm.order, way.len(), request);
    let third = orders.contains(&3);
    if algorithm.stochastic && algorithm.form == Form::Noise && third {
        return Err(config.impossible("sde-dpmsolver has no step of order 3"));
    }
    let reading = Reading::of(config, algorithm.form)?;
    let calls = orders.iter().enumerate().map(|(i, &order)| {
        let method = algorithm.rounded(request, way.single(i + 1, 1)[0], &way.single(i, order));
        algorithm.with_noise(way.call(i, reading, method), way.level(i))
    });
    Ok(Plan {
        path: Path::Calls(calls.collect()),
        init_noise_sigma: 1.0,
        prediction: reading.prediction,
        timesteps: way.timesteps,
        sigmas: Some(way.sigmas),
    })
}

/// Only the data form, by the name it was given, ends at clean data.
pub(super) fn refuse_clean_end(config: &Config, to_clean: bool) -> Result<()> {
    let name: String = config.get("algorithm_type", "dpmsolver++".to_owned())?;
    if to_clean && !name.ends_with("dpmsolver++") {
        let reason = format!("algorithm_type \"{name}\" needs final_sigmas_type \"sigma_min\"");
        return Err(config.impossible(reason));
    }
    Ok(())
}

fn way(config: &Config, request: &Request, to_clean: bool) -> Result<Way> {
    let training = Training::new(config, Terminal::Tiny)?;
    let spaced = training.spaced(config, request)?;
    let cosine = config.get("beta_schedule", String::new())? == "squaredcos_cap_v2";
    let rounded = |timesteps: Vec<f64>| -> Vec<f64> {
        if cosine { timesteps } else { timesteps.into_iter().map(f64::round_ties_even).collect() }
    };
    let steps = request.steps;
    let mut timesteps = spaced;
    let sigmas;
    if training.ladder == Ladder::Karras {
        let (levels, t) = training.ladder(config, steps)?;
        (sigmas, timesteps) = (levels, rounded(t));
    } else if config.flag("use_lu_lambdas", false)? {
        // Even in ln(sigma/alpha) (Lu et al. 2022, with ρ = 1).
        let (most, least) = (log(training.table[training.table.len() - 1]), log(training.table[0]));
        let logs = linspace(f64::from(most), f64::from(least), steps);
        sigmas = logs.into_iter().map(f64::exp).collect();
        timesteps = rounded(training.timesteps(&sigmas));
    } else if training.ladder != Ladder::AtTimesteps {
        (sigmas, timesteps) = training.ladder(config, steps)?;
    } else if training.flow {
        (sigmas, timesteps) = training.flow_levels(config, steps)?;
    } else {
        sigmas = training.at(&timesteps);
    }
    let last = if to_clean { 0.0 } else { training.least() };
    // The switch for flows says how levels are read even where another one places them.
    Ok(Way::new(timesteps, sigmas, last, training.flow))
}
