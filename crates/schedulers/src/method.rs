//! The solvers of the core that plans choose from.

use langevin_core::solver::{
    Deis, Dpm2M, Dpm2Stage, DpmMultistep, DpmSinglestepStage, Euler, HeunFlowStage, HeunStage, Lms,
    Sa, UniPc,
};
use langevin_core::{Denoiser, Eval, Result, Solver, State, Step};

use crate::mix::Mix;
use crate::weighted::Weighted;

/// A solver, or one stage of a solver that calls the network more than once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// [`Deis`].
    Deis(Deis),
    /// [`Dpm2M`].
    Dpm2M,
    /// [`Dpm2Stage`].
    Dpm2Stage(Dpm2Stage),
    /// [`DpmMultistep`].
    DpmMultistep(DpmMultistep),
    /// [`DpmSinglestepStage`].
    DpmSinglestepStage(DpmSinglestepStage),
    /// [`Euler`].
    Euler,
    /// [`HeunFlowStage`].
    HeunFlowStage,
    /// [`HeunStage`].
    HeunStage,
    /// [`Lms`].
    Lms(Lms),
    /// [`Mix`].
    Mix(Mix),
    /// [`Sa`].
    Sa(Sa),
    /// [`UniPc`].
    UniPc(UniPc),
    /// A sum of earlier states and estimates with given weights.
    Weighted(Weighted),
}

impl Method {
    fn inner<X: State>(&self) -> &dyn Solver<X> {
        match self {
            Self::Deis(solver) => solver,
            Self::Dpm2M => &Dpm2M,
            Self::Dpm2Stage(solver) => solver,
            Self::DpmMultistep(solver) => solver,
            Self::DpmSinglestepStage(solver) => solver,
            Self::Euler => &Euler,
            Self::HeunFlowStage => &HeunFlowStage,
            Self::HeunStage => &HeunStage,
            Self::Lms(solver) => solver,
            Self::Mix(solver) => solver,
            Self::Sa(solver) => solver,
            Self::UniPc(solver) => solver,
            Self::Weighted(solver) => solver,
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
