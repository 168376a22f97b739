//! The list of labs.

use std::path::Path;

use crate::{Bench, Error, Outcome, Result, labs};

/// One classical system: what it covers, and the program that computes, pictures and checks it.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// The name by which it is called.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// The rows of the list of systems that it covers.
    pub rows: &'static [&'static str],
    run: fn(&mut Bench<'_>) -> Result<()>,
}

impl Lab {
    /// All labs.
    pub const ALL: &[Self] = &[
        Self {
            name: "process",
            about: "noise schedules, their marginals, and the Fokker-Planck equation they solve",
            rows: &["A5", "D2", "D6", "D9", "D10"],
            run: labs::process::run,
        },
        Self {
            name: "solvers",
            about: "how fast each solver's error falls with the number of steps",
            rows: &["A6", "D3", "D10", "D11"],
            run: labs::solvers::run,
        },
        Self {
            name: "langevin",
            about: "Langevin dynamics: unadjusted, Metropolis-adjusted and underdamped",
            rows: &["A1"],
            run: labs::langevin::run,
        },
        Self {
            name: "sde",
            about: "stochastic integration: strong and weak orders, and a diffusion run backwards",
            rows: &["A5", "A6", "D6"],
            run: labs::sde::run,
        },
        Self {
            name: "likelihood",
            about: "bounds and exact densities of a mixture under its diffusion",
            rows: &["A4", "D2", "D5", "D6"],
            run: labs::likelihood::run,
        },
    ];

    /// The lab of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.iter().find(|lab| lab.name == name).copied().ok_or_else(|| Error::Name {
            found: name.to_owned(),
            names: Self::ALL.iter().map(|lab| lab.name).collect(),
        })
    }

    /// Computes, pictures and checks, with the random numbers of `seed` and the files in `folder`.
    ///
    /// # Errors
    /// Where something cannot be computed, drawn or written; a check that fails is part of the outcome instead.
    pub fn run(&self, seed: u64, folder: &Path) -> Result<Outcome> {
        let mut bench = Bench::new(seed, folder)?;
        (self.run)(&mut bench)?;
        Ok(bench.outcome())
    }
}
