//! From one noise level to the next: a [`Solver`] is a stateless value that combines states and denoised estimates.
//!
//! First-order sampling of the whole family is one formula ([`Euler`]); the second-order solvers name the coordinate
//! they integrate in.
//!
//! A method of several evaluations per step exists in two forms. As a *whole step* it calls the denoiser itself.
//! As *stages* it is one value per evaluation: each stage goes from the evaluations so far to the next state that is to
//! be evaluated, the last one to the step's end, and none of them calls the denoiser. The stages of one step follow each
//! other in `past`: the stage after the `k`-th evaluation of a step finds the step's start at `past[len − k]`.
//! The first stage is often [`Euler`] to an intermediate level. What is no part of a stage's history, such as the inner
//! evaluations of an earlier step, the driver leaves out of `past`.

mod any;
mod deis;
mod dpm_2_stage;
mod dpm_2m;
mod dpm_multistep;
mod dpm_singlestep;
mod dpm_singlestep_stage;
mod euler;
mod exponential;
mod heun;
mod heun_flow;
mod heun_flow_stage;
mod heun_stage;
mod lms;
mod output;
mod plms;
mod plms_stage;
mod prk_stage;
mod rk4;
mod sa;
mod tcd;
mod unipc;

pub use any::AnySolver;
pub use deis::Deis;
pub use dpm_2_stage::Dpm2Stage;
pub use dpm_2m::Dpm2M;
pub use dpm_multistep::DpmMultistep;
pub use dpm_singlestep::DpmSinglestep;
pub use dpm_singlestep_stage::DpmSinglestepStage;
pub use euler::Euler;
pub use exponential::{Curvature, Form, Slope};
pub use heun::Heun;
pub use heun_flow::HeunFlow;
pub use heun_flow_stage::HeunFlowStage;
pub use heun_stage::HeunStage;
pub use lms::Lms;
pub use output::Output;
pub use plms::Plms;
pub use plms_stage::PlmsStage;
pub use prk_stage::PrkStage;
pub use rk4::Rk4;
pub use sa::Sa;
pub use tcd::Tcd;
pub use unipc::UniPc;

use crate::{Denoiser, Error, Level, Result, State};

/// One call of the denoiser.
#[derive(Clone, Debug)]
pub struct Eval<X> {
    /// The level of the state.
    pub level: Level,
    /// The state.
    pub x: X,
    /// `E[clean | x]`.
    pub clean: X,
}

impl<X: State> Eval<X> {
    /// The evaluation at another state of the same level, with the quantity of `form` as it was.
    fn moved(&self, x: X, form: Form) -> Result<Self> {
        let clean = match form {
            Form::Data => self.clean.clone(),
            // clean = (x − sigma · noise)/alpha, so it moves by the difference of the states over alpha.
            Form::Noise => {
                let share = 1.0 / self.level.alpha;
                X::combine(&[(1.0, &self.clean), (share, &x), (-share, &self.x)])?
            }
        };
        Ok(Self { level: self.level, x, clean })
    }
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The next level.
    pub to: Level,
    /// Standard deviation of the noise that the driver adds after the step: at most `to.sigma`, but for the noise form
    /// of SDE-DPM-Solver, whose noise is larger.
    ///
    /// The solver leaves room for this much. A driver may add another amount: DDPM's fixed large variance `√beta` in the
    /// room of the posterior's, or EDM's `S_noise` times it.
    pub fresh: f64,
}

impl Step {
    /// The level the solver itself reaches: fresh noise brings it to `to`.
    pub fn before_noise(self) -> Level {
        // (σ − f)(σ + f) rather than σ² − f²: no cancellation where nearly all noise is drawn anew.
        let kept = ((self.to.sigma - self.fresh) * (self.to.sigma + self.fresh)).max(0.0).sqrt();
        Level::new(self.to.alpha, kept)
    }
}

/// A method of integration.
pub trait Solver<X: State> {
    /// How many evaluations it looks back on, the current one included.
    fn memory(&self) -> usize;

    /// The state at `step.before_noise()`, from the evaluations so far (`past.last()` is the current one).
    ///
    /// # Errors
    /// What the denoiser or the states return.
    ///
    /// # Panics
    /// Where `past` is empty.
    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X>;

    /// What takes the place of `past.last()` now that its state has been evaluated: a corrector improves the state that
    /// the step before arrived at. `None` for methods without a corrector, and where there is no step to correct.
    ///
    /// The driver calls it once after each evaluation, on the value that made the step before, and puts the answer into
    /// `past` before the next [`step`](Self::step).
    ///
    /// # Errors
    /// What the states return.
    ///
    /// # Panics
    /// Where `past` is empty.
    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        let _ = past;
        Ok(None)
    }
}

impl<X: State, S: Solver<X> + ?Sized> Solver<X> for &S {
    fn memory(&self) -> usize {
        (**self).memory()
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        (**self).step(past, step, denoiser)
    }

    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        (**self).correct(past)
    }
}

/// The evaluation a step starts from.
fn current<X>(past: &[Eval<X>]) -> &Eval<X> {
    past.last().expect("a step starts from an evaluation")
}

/// The last `count` evaluations, of which the first is where a step of several stages started.
fn started<X>(past: &[Eval<X>], count: usize) -> Result<&[Eval<X>]> {
    let from = past.len().checked_sub(count).ok_or_else(|| Error::Value {
        name: "number of evaluations before a stage",
        found: past.len().to_string(),
        expected: "at least the stage's memory",
    })?;
    Ok(&past[from..])
}

/// Standard deviation of the noise drawn anew on the way `from → to`: `eta` times that of the posterior
/// `q(x_to | x_from, clean)`, `sigma' · √(1 − (alpha · sigma' / (alpha' · sigma))²)`.
///
/// On variance-preserving levels this is DDIM's `η √((1−ᾱ')/(1−ᾱ)) √(1 − ᾱ/ᾱ')` (Song et al. 2021, eq. 16),
/// which is DDPM's posterior at `eta = 1`; on variance-exploding ones it is ancestral Euler's `sigma_up`.
///
/// At most `sigma'`, whatever `eta`; 0 where the levels do not fall.
pub fn posterior_noise(from: Level, to: Level, eta: f64) -> f64 {
    if to.sigma == 0.0 || eta == 0.0 {
        return 0.0;
    }
    let share = (from.alpha * to.sigma) / (to.alpha * from.sigma);
    (eta * to.sigma * ((1.0 - share) * (1.0 + share)).max(0.0).sqrt()).min(to.sigma)
}
