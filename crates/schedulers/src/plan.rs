//! What a scheduler does, decided once: the calls of the network and what becomes of each output.

use langevin_core::{Level, Prediction};

use crate::brownian::Increment;
use crate::class::own::OwnPath;
use crate::{Config, Error, Estimate, Keep, Learned, Method, Result, Start};

/// Whether known bugs of diffusers are reproduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The numbers of diffusers, known bugs included.
    #[default]
    AsDiffusers,
    /// The known bugs listed in `docs/schedulers.md` are mended.
    Fixed,
}

impl std::str::FromStr for Mode {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "as-diffusers" => Ok(Self::AsDiffusers),
            "fixed" => Ok(Self::Fixed),
            _ => Err(Error::Number {
                name: "the mode",
                found: format!("\"{name}\""),
                expected: "as-diffusers or fixed".to_owned(),
            }),
        }
    }
}

/// Which noise levels a class of flow matching shifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levels {
    /// Even ones between the ends that the configuration names.
    #[default]
    Configured,
    /// Even ones from 1 to 1 over the number of steps, as pipelines that hand their own levels to the scheduler do.
    Whole,
}

/// What is asked of a scheduler beside its configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Number of inference steps.
    pub steps: usize,
    /// The stochastic share of the classes that take one; `None` is the class's own default.
    pub eta: Option<f64>,
    /// Whether known bugs are reproduced.
    pub mode: Mode,
    /// How far a class with `use_dynamic_shifting` moves its noise levels (see [`Config::resolution_shift`]); `None` is
    /// the configuration's `base_shift`.
    pub mu: Option<f64>,
    /// Which noise levels it moves.
    pub levels: Levels,
    /// Where the way begins.
    pub start: Start,
}

impl Request {
    /// This many steps, everything else by default.
    pub fn steps(steps: usize) -> Self {
        Self {
            steps,
            eta: None,
            mode: Mode::default(),
            mu: None,
            levels: Levels::default(),
            start: Start::First,
        }
    }
}

/// The translation of a configuration.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the network is told, one number for each call.
    pub timesteps: Vec<f64>,
    /// The noise levels of the classes that keep them, in the class's own coordinate.
    pub sigmas: Option<Vec<f64>>,
    /// Standard deviation of the noise to start from.
    pub init_noise_sigma: f64,
    /// What the network outputs.
    pub prediction: Prediction,
    /// The way from the first state to the last.
    pub path: Path,
}

/// How the states follow each other.
#[derive(Clone, Debug)]
pub enum Path {
    /// One call after the other.
    Calls(Vec<Call>),
    /// A scheme of one class alone, which does not fit such a list.
    Own(OwnPath),
}

/// One call of the network and the step that follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// What the network is told.
    pub timestep: f64,
    /// The level at which the network sees the state …
    pub seen: Level,
    /// … multiplied by this.
    pub scale: f64,
    /// `(p, q)` of `clean = p · x + q · output`, on the state before it is scaled.
    pub reading: (f64, f64),
    /// The most channels that a sample may have, where learned variances are cut off the output.
    pub channels: Option<usize>,
    /// How the variance that the network outputs is read; the noise is added with it, not with `added`.
    pub learned: Option<Learned>,
    /// What is done to the clean estimate.
    pub estimate: Estimate,
    /// What stays where the estimate is changed.
    pub keep: Keep,
    /// What improves the state that the step before arrived at, once its estimate is known.
    pub corrector: Option<Method>,
    /// The level that the step takes the state to be at.
    pub from: Level,
    /// The level at which diffusers puts a known picture beside the state, as inpainting does; nearly always `from`.
    pub beside: Level,
    /// The solver, or the stage of one.
    pub method: Method,
    /// The level the step leads to.
    pub to: Level,
    /// Standard deviation of the noise that the solver leaves out.
    pub fresh: f64,
    /// Standard deviation of the noise that is added; `fresh`, but for bugs and settings.
    pub added: f64,
    /// How many draws of noise are made; the last one is added. At least 1 where `added` is not 0.
    pub draws: usize,
    /// The Brownian motion whose increment is added instead.
    pub increment: Option<Increment>,
}

impl Call {
    /// A deterministic step from a state that the network sees as it is, read as the prediction says.
    pub fn new(
        timestep: f64,
        prediction: Prediction,
        from: Level,
        to: Level,
        method: Method,
    ) -> Self {
        Self {
            timestep,
            seen: from,
            scale: 1.0,
            reading: prediction.clean(from),
            channels: None,
            learned: None,
            estimate: Estimate::Plain,
            keep: Keep::State,
            corrector: None,
            from,
            beside: from,
            method,
            to,
            fresh: 0.0,
            added: 0.0,
            draws: 0,
            increment: None,
        }
    }

    /// The same call where the network sees the state `x/√(1 + sigma²)`, `alpha` being 1: the scaled input of the
    /// schedulers of k-diffusion's lineage.
    #[must_use]
    pub fn scaled(mut self, prediction: Prediction) -> Self {
        let scale = 1.0 / self.from.sigma.hypot(1.0);
        self.seen = Level::new(scale, self.from.sigma * scale);
        self.scale = scale;
        let (p, q) = prediction.clean(self.seen);
        self.reading = (p * scale, q);
        self
    }

    /// The same call with one draw of noise of this standard deviation, which the solver leaves out.
    #[must_use]
    pub fn with_noise(self, fresh: f64) -> Self {
        Self { fresh, added: fresh, draws: 1, ..self }
    }
}

impl Plan {
    /// How many states follow the first.
    pub fn calls(&self) -> usize {
        self.levels().count()
    }

    /// The expected root mean square of each state, the first included, for data of unit variance.
    pub fn sizes(&self) -> Vec<f64> {
        let sizes = self.levels().map(|level| level.alpha.hypot(level.sigma));
        // The last state is clean, or nearly.
        sizes.chain([1.0]).collect()
    }

    /// The level at which a known picture stands beside each state, the first included: noise added to a picture at the
    /// first of them is what its way starts from. The last state is clean.
    pub fn beside(&self) -> Vec<Level> {
        let levels: Vec<Level> = match &self.path {
            Path::Calls(calls) => calls.iter().map(|call| call.beside).collect(),
            Path::Own(own) => own.levels().collect(),
        };
        levels.into_iter().chain([Level::CLEAN]).collect()
    }

    /// Whether a step takes means over the batch, so that a sample depends on its neighbours.
    pub fn couples_samples(&self) -> bool {
        matches!(self.path, Path::Own(OwnPath::ScoreSdeVe(_)))
    }

    /// The level of each state but the last.
    fn levels(&self) -> Box<dyn Iterator<Item = Level> + '_> {
        match &self.path {
            Path::Calls(calls) => Box::new(calls.iter().map(|call| call.from)),
            Path::Own(own) => own.levels(),
        }
    }

    /// The plan of this configuration for this request.
    ///
    /// # Errors
    /// Where the class is not run, a value has the wrong type or range, or diffusers itself would fail.
    pub fn new(config: &Config, request: &Request) -> Result<Self> {
        const MOST: usize = 1_000_000;
        if request.steps == 0 || request.steps > MOST {
            return Err(Error::Number {
                name: "the number of steps",
                found: request.steps.to_string(),
                expected: format!("from 1 to {MOST}"),
            });
        }
        if let Some(eta) = request.eta.filter(|eta| !(*eta >= 0.0 && eta.is_finite())) {
            return Err(Error::Number {
                name: "eta",
                found: eta.to_string(),
                expected: "not negative and finite".to_owned(),
            });
        }
        if let Some(mu) = request.mu.filter(|mu| !mu.is_finite()) {
            return Err(Error::Number {
                name: "mu",
                found: mu.to_string(),
                expected: "finite".to_owned(),
            });
        }
        let class = crate::class::of(config)?;
        (class.plan)(config, request)?.starting(config, request, class.order)
    }
}
