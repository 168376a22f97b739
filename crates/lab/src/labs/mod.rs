//! The labs, one per file: what each computes, draws and checks.

pub(crate) mod langevin;
pub(crate) mod likelihood;
pub(crate) mod process;
pub(crate) mod sde;
pub(crate) mod solvers;
