//! Any solver, chosen at run time by its name on the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Dpm2M, Euler, Eval, Heun, HeunFlow, Solver, Step, posterior_noise};
use crate::{Denoiser, Error, Level, Result, State};

/// One of the solvers, with its policy for fresh noise.
///
/// ```
/// use langevin_core::{AnySolver, GaussianMixture, Grid, NoNoise, RectifiedFlow, Trajectory};
///
/// # fn main() -> langevin_core::Result<()> {
/// let solver: AnySolver = "dpm-2m".parse()?;
/// let data = GaussianMixture::new(vec![1.0], vec![vec![3.0]], vec![vec![0.5]])?;
/// let levels = Grid::Uniform.levels(&RectifiedFlow, 100)?;
/// let x = Trajectory::new(vec![1.0], levels, solver, 0.0, &data, &NoNoise).run()?;
/// // Noise 1 becomes the point one standard deviation above the mean.
/// assert!((x[0] - 3.5).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnySolver {
    /// [`Euler`]: DDIM, with as much fresh noise as `eta` says.
    Euler,
    /// [`Euler`] with the whole posterior's noise: DDPM, ancestral Euler.
    Ancestral,
    /// [`Euler`] with all noise drawn anew: the multistep sampler of consistency models and LCM.
    Lcm,
    /// [`Heun`].
    Heun,
    /// [`HeunFlow`].
    HeunFlow,
    /// [`Dpm2M`].
    #[serde(rename = "dpm-2m")]
    Dpm2M,
}

impl AnySolver {
    /// Names for help texts and errors; `ddim` and `ddpm` are read as `euler` and `ancestral`.
    pub const NAMES: &[&str] =
        &["euler", "ddim", "ancestral", "ddpm", "lcm", "heun", "heun-flow", "dpm-2m"];

    /// One line for help texts: order, evaluations per step, stochastic or not, paper.
    pub fn description(self) -> &'static str {
        match self {
            Self::Euler => {
                "order 1, 1 evaluation, deterministic at eta 0: DDIM (Song 2021, eq. 12), flow and VE Euler"
            }
            Self::Ancestral => {
                "order 1, 1 evaluation, stochastic: DDPM (Ho 2020, eq. 7), ancestral Euler"
            }
            Self::Lcm => {
                "order 1, 1 evaluation, stochastic: consistency sampling (Song 2023, alg. 1; Luo 2023)"
            }
            Self::Heun => "order 2 in sigma/alpha, 2 evaluations: EDM (Karras 2022, alg. 1)",
            Self::HeunFlow => "order 2 in flow time, 2 evaluations: Heun for the flow ODE",
            Self::Dpm2M => "order 2 in log-SNR, 1 evaluation: DPM-Solver++(2M) (Lu 2022, alg. 2)",
        }
    }

    /// Standard deviation of the noise to draw anew on the way `from → to`.
    pub fn fresh(self, from: Level, to: Level, eta: f64) -> f64 {
        match self {
            Self::Ancestral => posterior_noise(from, to, 1.0),
            Self::Lcm => to.sigma,
            Self::Euler | Self::Heun | Self::HeunFlow | Self::Dpm2M => {
                posterior_noise(from, to, eta)
            }
        }
    }

    fn inner<'a, X: State + 'a>(self) -> &'a dyn Solver<X> {
        match self {
            Self::Euler | Self::Ancestral | Self::Lcm => &Euler,
            Self::Heun => &Heun,
            Self::HeunFlow => &HeunFlow,
            Self::Dpm2M => &Dpm2M,
        }
    }
}

impl<X: State> Solver<X> for AnySolver {
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

impl FromStr for AnySolver {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "euler" | "ddim" => Ok(Self::Euler),
            "ancestral" | "ddpm" => Ok(Self::Ancestral),
            "lcm" => Ok(Self::Lcm),
            "heun" => Ok(Self::Heun),
            "heun-flow" => Ok(Self::HeunFlow),
            "dpm-2m" => Ok(Self::Dpm2M),
            _ => Err(Error::Name { kind: "solver", found: name.to_owned(), names: Self::NAMES }),
        }
    }
}

impl fmt::Display for AnySolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Euler => "euler",
            Self::Ancestral => "ancestral",
            Self::Lcm => "lcm",
            Self::Heun => "heun",
            Self::HeunFlow => "heun-flow",
            Self::Dpm2M => "dpm-2m",
        })
    }
}
