//! The discrete variance-preserving schedules of DDPM: `alpha_bar_i = Π_{j ≤ i} (1 − beta_j)`,
//! `alpha = √alpha_bar`, `sigma = √(1 − alpha_bar)` (Ho et al. 2020, eq. 4).
//!
//! Timestep `i` stands at time `(i + 1) / steps`; between timesteps `ln alpha_bar` is interpolated linearly.

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// Largest number of timesteps that is accepted.
const MAX_STEPS: usize = 1_000_000;

/// Where `alpha_bar` is about 1e-300: below it the signal-to-noise ratio soon underflows, and levels become equal.
const LOWEST_LOG_ALPHA_BAR: f64 = -690.0;

/// How the betas run from first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Betas {
    /// Evenly spaced (Ho et al. 2020, §4).
    Linear,
    /// Squares of evenly spaced roots (Rombach et al. 2022).
    ScaledLinear,
    /// `beta_i = min(1 − f((i+1)/T)/f(i/T), 0.999)`, `f(t) = cos²(π/2 · (t + 0.008)/1.008)`
    /// (Nichol and Dhariwal 2021, eq. 17); start and end are not used.
    Cosine,
    /// The same with `f(t) = e^{−12 t}`, the "exp" transform of diffusers.
    Exponential,
    /// The same with `f(t) = √(SNR/(1 + SNR))`, `ln SNR = −½ sgn(½ − t) ln(1 − 2|½ − t| + 1e-6)`: the Laplace schedule
    /// (Hang et al. 2024) as diffusers has it.
    Laplace,
    /// `beta_start + (beta_end − beta_start) · S(x)`, `x` evenly from −6 to 6, with the logistic function `S`
    /// (Xu et al. 2022, GeoDiff).
    Sigmoid,
}

/// A DDPM schedule with its table of `ln alpha_bar`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct DdpmSchedule {
    parameters: Parameters,
    /// `ln alpha_bar` at times `0, 1/T, …, 1`; the first is 0.
    log_alpha_bar: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Parameters {
    betas: Betas,
    beta_start: f64,
    beta_end: f64,
    steps: usize,
}

impl DdpmSchedule {
    /// A schedule of `steps` betas from `beta_start` to `beta_end`.
    ///
    /// # Errors
    /// Where a beta is outside `(0, 1)`, the number of steps is 0 or absurd, a beta is too small to change
    /// `alpha_bar` in double precision, or so many of them leave no signal (`alpha_bar` below 1e-300).
    pub fn new(betas: Betas, beta_start: f64, beta_end: f64, steps: usize) -> Result<Self> {
        if steps == 0 || steps > MAX_STEPS {
            let expected = "from 1 to 1000000";
            return Err(Error::Value {
                name: "number of timesteps",
                found: steps.to_string(),
                expected,
            });
        }
        for (name, beta) in [("beta_start", beta_start), ("beta_end", beta_end)] {
            if !(beta > 0.0 && beta < 1.0) {
                return Err(Error::Value {
                    name,
                    found: beta.to_string(),
                    expected: "between 0 and 1, both excluded",
                });
            }
        }
        let parameters = Parameters { betas, beta_start, beta_end, steps };
        let mut log_alpha_bar = Vec::with_capacity(steps + 1);
        let mut log = 0.0;
        log_alpha_bar.push(log);
        for i in 0..steps {
            let (before, beta) = (log, parameters.beta(i));
            log += (-beta).ln_1p();
            if log >= before {
                let expected = "large enough to lower alpha_bar in double precision";
                return Err(Error::Value { name: "beta", found: format!("{beta:e}"), expected });
            }
            log_alpha_bar.push(log);
        }
        if log < LOWEST_LOG_ALPHA_BAR {
            return Err(Error::Value {
                name: "ln alpha_bar of the last timestep",
                found: log.to_string(),
                expected: "at least -690 (alpha_bar 1e-300): take fewer timesteps or smaller betas",
            });
        }
        Ok(Self { parameters, log_alpha_bar })
    }

    /// The schedule of the DDPM paper: 1000 linear betas from 1e-4 to 0.02.
    pub fn linear() -> Self {
        Self::preset(Betas::Linear, 1e-4, 0.02)
    }

    /// The schedule of Stable Diffusion: 1000 scaled-linear betas from 0.00085 to 0.012.
    pub fn scaled_linear() -> Self {
        Self::preset(Betas::ScaledLinear, 0.000_85, 0.012)
    }

    /// The cosine schedule with 1000 steps.
    pub fn cosine() -> Self {
        Self::preset(Betas::Cosine, 1e-4, 0.02)
    }

    fn preset(betas: Betas, beta_start: f64, beta_end: f64) -> Self {
        Self::new(betas, beta_start, beta_end, 1000).expect("the presets are inside the ranges")
    }

    /// How the betas run.
    pub fn betas(&self) -> Betas {
        self.parameters.betas
    }

    /// First and last beta.
    pub fn beta_range(&self) -> (f64, f64) {
        (self.parameters.beta_start, self.parameters.beta_end)
    }

    /// `beta_i` for `i` in `0 … steps − 1`.
    pub fn beta(&self, index: usize) -> f64 {
        self.parameters.beta(index)
    }

    /// `alpha_bar_i` for `i` in `0 … steps − 1`.
    ///
    /// # Panics
    /// Where `index` is not below the number of steps.
    pub fn alpha_bar(&self, index: usize) -> f64 {
        self.log_alpha_bar[index + 1].exp()
    }
}

impl Parameters {
    fn beta(&self, index: usize) -> f64 {
        let (i, n) = (index as f64, self.steps as f64);
        let spaced = |from: f64, to: f64| {
            if self.steps == 1 { from } else { from + (to - from) * i / (n - 1.0) }
        };
        match self.betas {
            Betas::Linear => spaced(self.beta_start, self.beta_end),
            Betas::ScaledLinear => spaced(self.beta_start.sqrt(), self.beta_end.sqrt()).powi(2),
            Betas::Sigmoid => {
                let x = if self.steps == 1 { -6.0 } else { -6.0 + 12.0 * i / (n - 1.0) };
                self.beta_start + (self.beta_end - self.beta_start) / (1.0 + (-x).exp())
            }
            Betas::Cosine => {
                let f = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
                (1.0 - f((i + 1.0) / n) / f(i / n)).min(0.999)
            }
            Betas::Exponential => -(-12.0 / n).exp_m1().max(-0.999),
            Betas::Laplace => {
                let f = |t: f64| {
                    let log_snr = -0.5 * sign(0.5 - t) * (1.0 - 2.0 * (0.5 - t).abs() + 1e-6).ln();
                    (1.0 / (1.0 + (-log_snr).exp())).sqrt()
                };
                (1.0 - f((i + 1.0) / n) / f(i / n)).min(0.999)
            }
        }
    }
}

/// The sign, 0 for 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

impl Schedule for DdpmSchedule {
    fn level(&self, t: f64) -> Level {
        let steps = self.parameters.steps;
        let position = t.clamp(0.0, 1.0) * steps as f64;
        let below = (position.floor() as usize).min(steps - 1);
        let (low, high) = (self.log_alpha_bar[below], self.log_alpha_bar[below + 1]);
        let log = low + (high - low) * (position - below as f64);
        // 1 − exp(log) loses its digits near the clean end; expm1 keeps them.
        Level::new((0.5 * log).exp(), (-log.exp_m1()).sqrt())
    }

    fn time(&self, level: Level) -> f64 {
        // alpha_bar = alpha²/(alpha² + sigma²), so its log is −ln(1 + (sigma/alpha)²).
        let log = -level.ratio().powi(2).ln_1p();
        let steps = self.parameters.steps;
        let above = self.log_alpha_bar.partition_point(|&entry| entry > log).clamp(1, steps);
        let (low, high) = (self.log_alpha_bar[above - 1], self.log_alpha_bar[above]);
        (((above - 1) as f64 + (low - log) / (low - high)) / steps as f64).clamp(0.0, 1.0)
    }

    fn steps(&self) -> usize {
        self.parameters.steps
    }

    /// The index of the timestep, fractional between two; at least 0.
    fn timestep(&self, level: Level) -> f64 {
        (self.time(level) * self.parameters.steps as f64 - 1.0).max(0.0)
    }

    /// Constant between timesteps in `ln alpha_bar`.
    fn rates(&self, t: f64) -> Rates {
        let steps = self.parameters.steps;
        let below = ((t.clamp(0.0, 1.0) * steps as f64).floor() as usize).min(steps - 1);
        let slope = (self.log_alpha_bar[below + 1] - self.log_alpha_bar[below]) * steps as f64;
        Rates::preserving(self.level(t), slope)
    }
}

impl TryFrom<Parameters> for DdpmSchedule {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(p.betas, p.beta_start, p.beta_end, p.steps)
    }
}

impl From<DdpmSchedule> for Parameters {
    fn from(schedule: DdpmSchedule) -> Self {
        schedule.parameters
    }
}
