//! What the schedulers of k-diffusion's lineage share: a noise level for each timestep in `sigma/alpha`, a state
//! `clean + sigma · noise`, and a network that sees it divided by `√(1 + sigma²)`.

use langevin_core::solver::posterior_noise;

use crate::alphas::{Betas, Terminal, alphas_cumprod, train_timesteps};
use crate::numpy::{interpolate, to_f32};
use crate::numpy_log::log;
use crate::sigmas::{self, Ladder, ratios, variance_exploding};
use crate::single;
use crate::spacing::{Spacing, fractional};
use crate::{Call, Config, Mode, Request, Result};

/// Timesteps and the levels at them, in float32 as diffusers keeps them; the end of the way is not among them.
#[derive(Clone, Debug)]
pub(super) struct Ladders {
    pub(super) timesteps: Vec<f64>,
    pub(super) sigmas: Vec<f64>,
    /// The level of each training timestep.
    pub(super) table: Vec<f32>,
    pub(super) spacing: Spacing,
}

/// What is particular to a class under `use_karras_sigmas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Karras {
    /// Nothing.
    Plain,
    /// Timesteps are rounded to whole numbers.
    Rounded,
    /// The levels end where the schedule does, whatever `sigma_min` and `sigma_max` say.
    OwnEnds,
}

/// The noise that an ancestral step draws anew, and the level before it: in float32 as diffusers has them, or exactly.
pub(super) fn ancestral(request: &Request, from: f64, to: f64) -> (f64, f64) {
    let exact = || {
        let up = posterior_noise(variance_exploding(from), variance_exploding(to), 1.0);
        (up, ((to - up) * (to + up)).max(0.0).sqrt())
    };
    match request.mode {
        Mode::AsDiffusers => single::ancestral(from, to).unwrap_or_else(exact),
        Mode::Fixed => exact(),
    }
}

/// The call that ends at the level before the noise, and the noise.
pub(super) fn with_ancestral_noise(call: Call, (up, down): (f64, f64)) -> Call {
    Call { to: variance_exploding(down), added: up, draws: 1, ..call }
}

impl Ladders {
    /// The ladder that the switches of a configuration ask for.
    pub(super) fn new(
        config: &Config,
        request: &Request,
        defaults: &Betas,
        karras: Karras,
    ) -> Result<Self> {
        let mut ladders = Self::at_timesteps(config, request, defaults, Terminal::AsTrained)?;
        ladders.respace(config, request, karras)?;
        Ok(ladders)
    }

    /// As [`new`](Self::new), of the class that keeps its fractional timesteps in float64.
    pub(super) fn precise(
        config: &Config,
        request: &Request,
        defaults: &Betas,
        karras: Karras,
    ) -> Result<Self> {
        let terminal = Terminal::AsTrained;
        let mut ladders = Self::rounded(config, request, (defaults, terminal), |t| t)?;
        ladders.respace(config, request, karras)?;
        Ok(ladders)
    }

    /// The levels at the timesteps, whatever the switches say.
    pub(super) fn at_timesteps(
        config: &Config,
        request: &Request,
        defaults: &Betas,
        terminal: Terminal,
    ) -> Result<Self> {
        Self::rounded(config, request, (defaults, terminal), to_f32)
    }

    /// The levels at the timesteps, after `round`.
    fn rounded(
        config: &Config,
        request: &Request,
        (defaults, terminal): (&Betas, Terminal),
        round: impl Fn(f64) -> f64,
    ) -> Result<Self> {
        let bars = alphas_cumprod(config, defaults, terminal)?;
        let table = ratios(&bars);
        let spacing = Spacing::of(config, "linspace")?;
        let total = train_timesteps(config, 1000)?;
        let timesteps = fractional(config, spacing, total, request.steps)?;
        let timesteps: Vec<f64> = timesteps.into_iter().map(round).collect();
        let sigmas = timesteps.iter().map(|t| interpolate(*t, &table)).collect();
        Ok(Self { timesteps, sigmas, table, spacing })
    }

    /// The levels that the switches of the configuration ask for, between the first and the last so far.
    pub(super) fn respace(
        &mut self,
        config: &Config,
        request: &Request,
        karras: Karras,
    ) -> Result<()> {
        let ladder = Ladder::of(config)?;
        if ladder != Ladder::AtTimesteps {
            let ends = (self.sigmas[0], self.sigmas[self.sigmas.len() - 1]);
            self.sigmas = match (karras, ladder) {
                (Karras::OwnEnds, Ladder::Karras) => ladder.spaced(ends, request.steps),
                _ => ladder.levels(config, ends, request.steps)?,
            };
            let logs = self.log_table();
            let whole = karras == Karras::Rounded && ladder == Ladder::Karras;
            let timestep = |sigma: &f64| {
                let t = sigmas::timestep(*sigma, &logs);
                if whole { t.round_ties_even() } else { t }
            };
            self.timesteps = self.sigmas.iter().map(timestep).collect();
        }
        Ok(())
    }

    /// `ln sigma` of each training timestep.
    pub(super) fn log_table(&self) -> Vec<f32> {
        self.table.iter().map(|sigma| log(*sigma)).collect()
    }

    /// Both lists rounded to float32, and the level at the end of the way appended.
    pub(super) fn ending(mut self, last: f64) -> Self {
        self.timesteps.iter_mut().for_each(|t| *t = to_f32(*t));
        self.sigmas.push(last);
        self.sigmas.iter_mut().for_each(|sigma| *sigma = to_f32(*sigma));
        self
    }

    /// Standard deviation of the noise to start from: the largest level, and for leading timesteps that of the state.
    pub(super) fn init_noise_sigma(&self) -> f64 {
        let max = self.sigmas.iter().copied().fold(0.0, f64::max);
        if self.spacing == Spacing::Leading { max.hypot(1.0) } else { max }
    }
}
