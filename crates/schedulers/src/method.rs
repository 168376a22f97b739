//! The solvers of the core that plans choose from.

use langevin_core::solver::{
    Deis, Dpm2Stage, DpmMultistep, DpmSinglestepStage, Euler, HeunStage, Lms, Sa, UniPc,
};
use langevin_core::{Denoiser, Eval, Result, Solver, State, Step};

/// A solver, or one stage of a solver that calls the network more than once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// [`Deis`].
    Deis(Deis),
    /// [`Dpm2Stage`].
    Dpm2Stage(Dpm2Stage),
    /// [`DpmMultistep`].
    DpmMultistep(DpmMultistep),
    /// [`DpmSinglestepStage`].
    DpmSinglestepStage(DpmSinglestepStage),
    /// [`Euler`].
    Euler,
    /// [`HeunStage`].
    HeunStage,
    /// [`Lms`].
    Lms(Lms),
    /// [`Sa`].
    Sa(Sa),
    /// [`UniPc`].
    UniPc(UniPc),
}

impl Method {
    fn inner<X: State>(&self) -> &dyn Solver<X> {
        match self {
            Self::Deis(solver) => solver,
            Self::Dpm2Stage(solver) => solver,
            Self::DpmMultistep(solver) => solver,
            Self::DpmSinglestepStage(solver) => solver,
            Self::Euler => &Euler,
            Self::HeunStage => &HeunStage,
            Self::Lms(solver) => solver,
            Self::Sa(solver) => solver,
            Self::UniPc(solver) => solver,
        }
    }
}

impl<X: State> Solver<X> for Method {
    fn memory(&self) -> usize {
        self.inner::<X>().memory()
    }

    fn step(&self, past: &[Eval<X>], step: Step, denoiser: &dyn Denoiser<X>) -> Result<X> {
        self.inner::<X>().step(past, step, denoiser)
    }

    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        self.inner::<X>().correct(past)
    }
}
