//! The solvers of the core that plans choose from.

use langevin_core::solver::Euler;
use langevin_core::{Denoiser, Eval, Result, Solver, State, Step};

/// A solver, or one stage of a solver that calls the network more than once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// [`Euler`].
    Euler,
}

impl Method {
    fn inner<X: State>(&self) -> &dyn Solver<X> {
        match self {
            Self::Euler => &Euler,
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
}
