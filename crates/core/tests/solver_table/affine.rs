//! Weak orders of the stochastic solvers, without sampling error: on Gaussian data each step is affine, so a state is
//! kept as its coefficients on the starting noise and on the noise of each step, and its variance is the sum of their
//! squares.
//!
//! The variance follows a linear equation here, on which Adams–Bashforth steps with additive noise have order 2: with
//! `a = h k` the stationary variance of `x' = x + a (3x − x_prev)/2 + g √h z` is `−g²/(2k) · (1 + O(a²))`. In general
//! methods of several past evaluations converge with order 1 (Buckwar and Winkler 2006).

use langevin_core::solver::{
    Curvature, Dpm2M, Dpm2Stage, DpmMultistep, Euler, Form, Sa, Slope, posterior_noise,
};
use langevin_core::{Eval, Level, Result, Solver, Step};

use super::page::{Row, order};

/// Standard deviation of the data.
const STD: f64 = 0.5;
const MAX: f64 = 5.0;
const MIN: f64 = 0.1;

type State = Vec<f64>;

/// `E[clean | x]` is linear in `x`, so it acts on each coefficient.
fn clean(x: &State, at: Level) -> Result<State> {
    let gain = at.alpha * STD * STD / ((at.alpha * STD).powi(2) + at.sigma.powi(2));
    Ok(x.iter().map(|x| gain * x).collect())
}

struct Sampler {
    solver: Box<dyn Solver<State>>,
    fresh: fn(Level, Level) -> f64,
    /// Evaluates the middle in `ln s` first, by Euler's method with its own fresh noise, if any.
    middle: Option<fn(Level, Level) -> f64>,
    /// Whether the noises of the inner point and of the step belong to one Brownian path in `s`.
    brownian: bool,
}

/// Variance at the end, from the exact variance at the start.
fn variance(sampler: &Sampler, steps: usize) -> f64 {
    let level = |k: usize| {
        let share = k as f64 / steps as f64;
        Level::new(1.0, ((1.0 - share) * MAX.ln() + share * MIN.ln()).exp())
    };
    let mut x = vec![0.0; 2 * steps + 1];
    x[0] = STD.hypot(MAX);
    let mut past: Vec<Eval<State>> = Vec::new();
    let evaluate = |x: &State, level| Eval { level, x: x.clone(), clean: clean(x, level).unwrap() };
    for k in 0..steps {
        let (from, to) = (level(k), level(k + 1));
        past.push(evaluate(&x, from));
        if let Some(corrected) = sampler.solver.correct(&past).unwrap() {
            *past.last_mut().unwrap() = corrected;
        }
        let fresh = (sampler.fresh)(from, to);
        let step = Step { to, fresh };
        let mut shared = 0.0f64;
        if let Some(inner) = sampler.middle {
            // Ancestral DPM2 puts the inner point between the start and the level before fresh noise.
            let end = if inner(from, to) == 0.0 { step.before_noise() } else { to };
            let middle = Level::new(1.0, (from.sigma * end.sigma).sqrt());
            let fresh = inner(from, middle);
            let mut x = Euler.step(&past, Step { to: middle, fresh }, &clean).unwrap();
            x[steps + 1 + k] += fresh;
            if sampler.brownian {
                shared = (from.sigma - middle.sigma) / (from.sigma - to.sigma);
            }
            past.push(evaluate(&x, middle));
        }
        let from = past.len().saturating_sub(sampler.solver.memory());
        x = sampler.solver.step(&past[from..], step, &clean).unwrap();
        x[k + 1] += fresh * (1.0 - shared).sqrt();
        x[steps + 1 + k] += fresh * shared.sqrt();
    }
    x.iter().map(|c| c * c).sum()
}

fn measure(sampler: &Sampler) -> f64 {
    let exact = STD * STD + MIN * MIN;
    let errors = [256, 512, 1024].map(|n| (n as f64, (variance(sampler, n) - exact).abs()));
    order(&errors)
}

fn posterior(from: Level, to: Level) -> f64 {
    posterior_noise(from, to, 1.0)
}

fn none(_: Level, _: Level) -> f64 {
    0.0
}

/// `sigma' √(e^{2h} − 1)`: the noise of SDE-DPM-Solver.
fn growing(from: Level, to: Level) -> f64 {
    let h = to.half_log_snr() - from.half_log_snr();
    to.sigma * (2.0 * h).exp_m1().sqrt()
}

const SA: Sa = Sa { predictor: 3, corrector: 0, tau: 1.0, form: Form::Data, slope: Slope::Exact };
const SA_CORRECTED: Sa =
    Sa { predictor: 3, corrector: 4, tau: 1.0, form: Form::Data, slope: Slope::Exact };

pub(super) fn rows() -> Vec<Row> {
    let plain = |solver: Box<dyn Solver<State>>, fresh| Sampler {
        solver,
        fresh,
        middle: None,
        brownian: false,
    };
    let noise_form = |order| DpmMultistep {
        order,
        form: Form::Noise,
        slope: Slope::Midpoint,
        curvature: Curvature::EXACT,
    };
    let list: Vec<(&str, &str, f64, f64, Sampler)> = vec![
        (
            "DDPM, ancestral Euler, DDIM at η = 1 (`ancestral`)",
            "Ho et al. 2020, eq. 7",
            1.0,
            1.0,
            plain(Box::new(Euler), posterior),
        ),
        (
            "SDE-DPM-Solver++(2M) (`dpm-2m`, η = 1)",
            "Lu et al. 2022 (DPM-Solver++), eq. 18",
            1.0,
            2.0,
            plain(Box::new(Dpm2M), posterior),
        ),
        (
            "SDE-DPM-Solver-1",
            "Lu et al. 2022 (DPM-Solver++), eq. 16",
            1.0,
            1.0,
            plain(Box::new(noise_form(1)), growing),
        ),
        (
            "SDE-DPM-Solver(2M)",
            "Lu et al. 2022 (DPM-Solver++), eq. 17",
            1.0,
            2.0,
            plain(Box::new(noise_form(2)), growing),
        ),
        (
            "Ancestral DPM2",
            "Karras et al. 2022, alg. 3, with Ho's noise",
            2.0,
            2.0,
            Sampler {
                solver: Box::new(Dpm2Stage { form: Form::Noise }),
                fresh: posterior,
                middle: Some(none),
                brownian: false,
            },
        ),
        (
            "DPM++ SDE, in stages, one Brownian path",
            "Lu et al. 2022 (DPM-Solver++), eq. 18",
            2.0,
            2.0,
            Sampler {
                solver: Box::new(Dpm2Stage { form: Form::Data }),
                fresh: posterior,
                middle: Some(posterior),
                brownian: true,
            },
        ),
        (
            "SA-Predictor-3, τ = 1",
            "Xue et al. 2023, eq. 14",
            1.0,
            2.0,
            plain(Box::new(SA), |from, to| SA.fresh(from, to)),
        ),
        (
            "SA-Solver-3, τ = 1 (`sa`)",
            "Xue et al. 2023, alg. 1",
            1.0,
            2.0,
            plain(Box::new(SA_CORRECTED), |from, to| SA_CORRECTED.fresh(from, to)),
        ),
    ];
    list.into_iter()
        .map(|(name, paper, evaluations, expected, sampler)| Row {
            name,
            paper,
            evaluations,
            expected: vec![expected],
            measured: vec![measure(&sampler)],
        })
        .collect()
}
