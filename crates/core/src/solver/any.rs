//! Any solver, chosen at run time by its name on the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    Curvature, Deis, Dpm2M, DpmMultistep, DpmSinglestep, Euler, Eval, Form, Heun, HeunFlow, Lms,
    Output, Plms, Rk4, Sa, Slope, Solver, Step, UniPc, posterior_noise,
};
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
    /// [`Rk4`].
    Rk4,
    /// [`DpmSinglestep`] of order 2 in noise form: DPM-Solver-2.
    #[serde(rename = "dpm-2")]
    Dpm2,
    /// [`DpmSinglestep`] of order 3 in noise form: DPM-Solver-3.
    #[serde(rename = "dpm-3")]
    Dpm3,
    /// [`DpmSinglestep`] of order 2 in data form: DPM-Solver++(2S).
    #[serde(rename = "dpm-2s")]
    Dpm2S,
    /// [`Dpm2M`].
    #[serde(rename = "dpm-2m")]
    Dpm2M,
    /// [`DpmMultistep`] of order 3 in data form.
    #[serde(rename = "dpm-3m")]
    Dpm3M,
    /// [`UniPc`] of order 2.
    #[serde(rename = "unipc-2")]
    UniPc2,
    /// [`UniPc`] of order 3.
    #[serde(rename = "unipc-3")]
    UniPc3,
    /// [`Deis`] of order 3.
    Deis,
    /// [`Lms`] of order 4.
    Lms,
    /// [`Plms`] of order 4.
    Plms,
    /// [`Sa`] with `τ = 1`, predictor of order 3 and corrector of order 4.
    Sa,
}

impl AnySolver {
    /// Names for help texts and errors; `ddim` and `ddpm` are read as `euler` and `ancestral`, `ipndm` as `plms`.
    pub const NAMES: &[&str] = &[
        "euler",
        "ddim",
        "ancestral",
        "ddpm",
        "lcm",
        "heun",
        "heun-flow",
        "rk4",
        "dpm-2",
        "dpm-3",
        "dpm-2s",
        "dpm-2m",
        "dpm-3m",
        "unipc-2",
        "unipc-3",
        "deis",
        "lms",
        "plms",
        "ipndm",
        "sa",
    ];

    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Euler,
        Self::Ancestral,
        Self::Lcm,
        Self::Heun,
        Self::HeunFlow,
        Self::Rk4,
        Self::Dpm2,
        Self::Dpm3,
        Self::Dpm2S,
        Self::Dpm2M,
        Self::Dpm3M,
        Self::UniPc2,
        Self::UniPc3,
        Self::Deis,
        Self::Lms,
        Self::Plms,
        Self::Sa,
    ];

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
            Self::Rk4 => "order 4 in sigma/alpha, 4 evaluations: classical Runge-Kutta",
            Self::Dpm2 => "order 2 in log-SNR, 2 evaluations: DPM-Solver-2, DPM2 (Lu 2022, alg. 1)",
            Self::Dpm3 => "order 3 in log-SNR, 3 evaluations: DPM-Solver-3 (Lu 2022, alg. 2)",
            Self::Dpm2S => "order 2 in log-SNR, 2 evaluations: DPM-Solver++(2S) (Lu 2022, alg. 1)",
            Self::Dpm2M => "order 2 in log-SNR, 1 evaluation: DPM-Solver++(2M) (Lu 2022, alg. 2)",
            Self::Dpm3M => "order 3 in log-SNR, 1 evaluation: DPM-Solver++(3M) (Lu 2022)",
            Self::UniPc2 => "order 3 in log-SNR, 1 evaluation, eta 0: UniPC-2 (Zhao 2023, alg. 3)",
            Self::UniPc3 => "order 4 in log-SNR, 1 evaluation, eta 0: UniPC-3 (Zhao 2023, alg. 3)",
            Self::Deis => {
                "order 3 in log-SNR, 1 evaluation, eta 0: DEIS, log-rho AB3 (Zhang 2023, eq. 16)"
            }
            Self::Lms => {
                "order 4 in sigma/alpha, 1 evaluation, eta 0: linear multistep (k-diffusion)"
            }
            Self::Plms => {
                "order 4 on steps even in sigma/alpha, 1 evaluation, eta 0: PLMS, iPNDM (Liu 2022, eq. 12)"
            }
            Self::Sa => "1 evaluation, stochastic: SA-Solver, tau 1 (Xue 2023, alg. 1)",
        }
    }

    /// Standard deviation of the noise to draw anew on the way `from → to`.
    pub fn fresh(self, from: Level, to: Level, eta: f64) -> f64 {
        match self {
            Self::Ancestral => posterior_noise(from, to, 1.0),
            Self::Lcm => to.sigma,
            Self::Sa => SA.fresh(from, to),
            Self::UniPc2 | Self::UniPc3 | Self::Deis | Self::Lms | Self::Plms => 0.0,
            _ => posterior_noise(from, to, eta),
        }
    }

    /// Whether fresh noise may be added after a step: not where a corrector would undo it, and not where the noise
    /// itself is extrapolated.
    pub fn takes_noise(self) -> bool {
        !matches!(self, Self::UniPc2 | Self::UniPc3 | Self::Deis | Self::Lms | Self::Plms)
    }

    fn inner<'a, X: State + 'a>(self) -> &'a dyn Solver<X> {
        match self {
            Self::Euler | Self::Ancestral | Self::Lcm => &Euler,
            Self::Heun => &Heun,
            Self::HeunFlow => &HeunFlow,
            Self::Rk4 => &Rk4,
            Self::Dpm2 => &DpmSinglestep { order: 2, form: Form::Noise, slope: Slope::Midpoint },
            Self::Dpm3 => &DpmSinglestep { order: 3, form: Form::Noise, slope: Slope::Midpoint },
            Self::Dpm2S => &DpmSinglestep { order: 2, form: Form::Data, slope: Slope::Midpoint },
            Self::Dpm2M => &Dpm2M,
            Self::Dpm3M => &DpmMultistep {
                order: 3,
                form: Form::Data,
                slope: Slope::Midpoint,
                curvature: Curvature::EXACT,
            },
            Self::UniPc2 => &const { UniPc::new(2) },
            Self::UniPc3 => &const { UniPc::new(3) },
            Self::Deis => &Deis { order: 3 },
            Self::Lms => &Lms { order: 4 },
            Self::Plms => &Plms { order: 4, output: Output::Noise },
            Self::Sa => &SA,
        }
    }
}

const SA: Sa = Sa { predictor: 3, corrector: 4, tau: 1.0, form: Form::Data, slope: Slope::Exact };

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
            "ddim" => Ok(Self::Euler),
            "ddpm" => Ok(Self::Ancestral),
            "ipndm" => Ok(Self::Plms),
            _ => Self::ALL.into_iter().find(|solver| solver.name() == name).ok_or_else(|| {
                Error::Name { kind: "solver", found: name.to_owned(), names: Self::NAMES }
            }),
        }
    }
}

impl AnySolver {
    fn name(self) -> &'static str {
        match self {
            Self::Euler => "euler",
            Self::Ancestral => "ancestral",
            Self::Lcm => "lcm",
            Self::Heun => "heun",
            Self::HeunFlow => "heun-flow",
            Self::Rk4 => "rk4",
            Self::Dpm2 => "dpm-2",
            Self::Dpm3 => "dpm-3",
            Self::Dpm2S => "dpm-2s",
            Self::Dpm2M => "dpm-2m",
            Self::Dpm3M => "dpm-3m",
            Self::UniPc2 => "unipc-2",
            Self::UniPc3 => "unipc-3",
            Self::Deis => "deis",
            Self::Lms => "lms",
            Self::Plms => "plms",
            Self::Sa => "sa",
        }
    }
}

impl fmt::Display for AnySolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
