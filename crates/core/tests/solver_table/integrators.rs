//! Orders of the integrators of general equations: ordinary ones on an equation with a known end, stochastic ones
//! with additive noise without sampling error (the state as its coefficients on the path's increments), and with
//! multiplicative noise on geometric Brownian motion, whose solution is known.

use langevin_core::Result;
use langevin_core::ode::{DormandPrince, Fixed};
use langevin_core::rng::Philox;
use langevin_core::sde::{Forward, Increment, Ito, Predictor, Scheme};
use langevin_core::{Level, Schedule, Vp};

use super::page::{Row, order};

/// `x' = −2 t x²`, `x(0) = 1`: `x(t) = 1/(1 + t²)`.
fn field(t: f64, x: &f64) -> Result<f64> {
    Ok(-2.0 * t * x * x)
}

pub(super) fn ordinary() -> Vec<Row> {
    let exact = 1.0 / 5.0;
    let fixed = |method: Fixed| {
        let errors = [64, 96, 128].map(|n| {
            let x = method.solve(&field, 1.0, [0.0, 2.0], n).unwrap();
            (n as f64, (x - exact).abs())
        });
        order(&errors)
    };
    let errors: Vec<_> = (0..9)
        .map(|k| {
            let tolerance = 10f64.powf(-7.0 - 0.5 * f64::from(k));
            let method =
                DormandPrince { relative: tolerance, absolute: tolerance, max_steps: 10_000 };
            let turn = |_: f64, x: &Vec<f64>| -> Result<Vec<f64>> { Ok(vec![x[1], -x[0]]) };
            let solution = method.solve(&turn, vec![1.0, 0.0], [0.0, 20.0]).unwrap();
            let error = (solution.x[0] - 20f64.cos()).hypot(solution.x[1] + 20f64.sin());
            (solution.evaluations as f64, error)
        })
        .collect();
    let row = |name, paper, evaluations, expected: f64, measured| Row {
        name,
        paper,
        evaluations,
        expected: vec![expected],
        measured: vec![measured],
    };
    vec![
        row("`ode::Fixed::Euler`", "Euler 1768", 1.0, 1.0, fixed(Fixed::Euler)),
        row("`ode::Fixed::Heun`", "Heun 1900", 2.0, 2.0, fixed(Fixed::Heun)),
        row("`ode::Fixed::Rk4`", "Kutta 1901", 4.0, 4.0, fixed(Fixed::Rk4)),
        row(
            "`ode::DormandPrince`, by evaluations",
            "Dormand and Prince 1980",
            6.0,
            5.0,
            order(&errors),
        ),
    ]
}

/// `dX = −(1 + t) X dt + e^{t/2} dW` in every coordinate.
struct Additive;

impl Ito for Additive {
    fn drift(&self, t: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| -(1.0 + t) * x).collect()
    }

    fn diffusion(&self, t: f64, x: &[f64]) -> Vec<f64> {
        vec![(0.5 * t).exp(); x.len()]
    }

    fn diffusion_slope(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }
}

/// Fine steps of the path; each has two independent normal numbers.
const FINE: usize = 512;

/// The coefficients of the end on the start and on the `2 · FINE` numbers of the path, by `steps` steps.
///
/// Since drift and noise act on each coordinate alike, coordinates may stand for coefficients: the increments are then
/// coefficients too.
fn end(scheme: Scheme, steps: usize) -> Vec<f64> {
    let (per, fine, h) = (FINE / steps, 1.0 / FINE as f64, 1.0 / steps as f64);
    let mut x = vec![0.0; 2 * FINE + 1];
    x[2 * FINE] = 1.0;
    for k in 0..steps {
        let mut by = Increment { w: vec![0.0; x.len()], area: vec![0.0; x.len()] };
        for j in 0..per {
            let at = 2 * (k * per + j);
            let part = Increment::new(fine, &[1.0, 0.0], &[0.0, 1.0]);
            for i in 0..2 {
                by.w[at + i] = part.w[i];
                // What this piece adds to the path counts for the rest of the step.
                by.area[at + i] = part.area[i] + part.w[i] * fine * (per - 1 - j) as f64;
            }
        }
        x = scheme.step(&Additive, k as f64 * h, &x, h, &by);
    }
    x
}

/// Weak: of the variance, on the linear equation.
fn weak_additive(scheme: Scheme) -> f64 {
    let variance = |x: &[f64]| x[..2 * FINE].iter().map(|c| c * c).sum::<f64>();
    let exact = variance(&end(Scheme::Sra1, FINE));
    order(&[8, 16, 32].map(|n| (n as f64, (variance(&end(scheme, n)) - exact).abs())))
}

/// `dX = sin(3 X) dt + dW`: bent, since a straight drift would hide the error of order 3/2.
struct Bent;

impl Ito for Bent {
    fn drift(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| (3.0 * x).sin()).collect()
    }

    fn diffusion(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![1.0; x.len()]
    }

    fn diffusion_slope(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }
}

/// Strong: root mean square over 4,000 paths against SRA1 in `FINE` steps on the same paths.
fn strong_additive(scheme: Scheme) -> f64 {
    const PATHS: usize = 4000;
    let fine = 1.0 / FINE as f64;
    let mut random = Philox::new(23, 0, 0);
    let mut draw = || (0..PATHS).map(|_| random.normal()).collect::<Vec<f64>>();
    let pieces: Vec<Increment> =
        (0..FINE).map(|_| Increment::new(fine, &draw(), &draw())).collect();
    let end = |scheme: Scheme, steps: usize| {
        let (per, h) = (FINE / steps, 1.0 / steps as f64);
        let mut x = vec![0.3; PATHS];
        for k in 0..steps {
            let mut by = Increment { w: vec![0.0; PATHS], area: vec![0.0; PATHS] };
            for piece in &pieces[k * per..(k + 1) * per] {
                for i in 0..PATHS {
                    by.area[i] += piece.area[i] + by.w[i] * fine;
                    by.w[i] += piece.w[i];
                }
            }
            x = scheme.step(&Bent, k as f64 * h, &x, h, &by);
        }
        x
    };
    let exact = end(Scheme::Sra1, FINE);
    let errors = [16, 32, 64].map(|n| {
        let square: f64 = end(scheme, n).iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum();
        (n as f64, (square / PATHS as f64).sqrt())
    });
    order(&errors)
}

/// `dX = μ X dt + s X dW`.
struct Geometric;

const DRIFT: f64 = 0.5;
const VOLATILITY: f64 = 0.8;

impl Ito for Geometric {
    fn drift(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| DRIFT * x).collect()
    }

    fn diffusion(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| VOLATILITY * x).collect()
    }

    fn diffusion_slope(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![VOLATILITY; x.len()]
    }
}

/// Strong: root mean square over 20,000 paths, the same for all step counts. Weak: the second moment, whose factor per
/// step is a Gauss–Hermite sum over five nodes, exact for these polynomials of the noise.
fn multiplicative(scheme: Scheme) -> Vec<f64> {
    const PATHS: usize = 20_000;
    const MOST: usize = 256;
    let mut random = Philox::new(17, 0, 0);
    let normals: Vec<Vec<f64>> =
        (0..MOST).map(|_| (0..PATHS).map(|_| random.normal()).collect()).collect();
    let strong = [64, 128, 256].map(|n| {
        let (per, h) = (MOST / n, 1.0 / n as f64);
        let mut x = vec![1.0; PATHS];
        let mut w = vec![0.0; PATHS];
        for k in 0..n {
            let scale = (1.0 / MOST as f64).sqrt();
            let step: Vec<f64> = (0..PATHS)
                .map(|i| (0..per).map(|j| scale * normals[k * per + j][i]).sum())
                .collect();
            w.iter_mut().zip(&step).for_each(|(w, step)| *w += step);
            x = scheme.step(&Geometric, 0.0, &x, h, &Increment { w: step, area: Vec::new() });
        }
        let exact = |w: f64| (DRIFT - 0.5 * VOLATILITY * VOLATILITY + VOLATILITY * w).exp();
        let square: f64 = x.iter().zip(&w).map(|(x, w)| (x - exact(*w)).powi(2)).sum();
        (n as f64, (square / PATHS as f64).sqrt())
    });
    let nodes = [
        (0.0, 8.0 / 15.0),
        (1.355_626_179_974_266, 0.222_075_922_005_612_8),
        (2.856_970_013_872_806, 0.011_257_411_327_720_7),
    ];
    let weak = [64, 128, 256].map(|n| {
        let h = 1.0 / n as f64;
        let factor: f64 =
            nodes
                .iter()
                .flat_map(|&(z, weight)| {
                    if z == 0.0 { vec![(z, weight)] } else { vec![(z, weight), (-z, weight)] }
                })
                .map(|(z, weight)| {
                    let by = Increment { w: vec![h.sqrt() * z], area: Vec::new() };
                    weight * scheme.step(&Geometric, 0.0, &[1.0], h, &by)[0].powi(2)
                })
                .sum();
        let exact = (2.0 * DRIFT + VOLATILITY * VOLATILITY).exp();
        (n as f64, (factor.powi(n) - exact).abs())
    });
    vec![order(&strong), order(&weak)]
}

/// The variance at the end of a predictor on Gaussian data, whose steps are affine.
fn predictor(method: Predictor) -> f64 {
    let (vp, std) = (Vp::default(), 0.5f64);
    let reverse = Forward::new(&vp).reverse(1.0);
    let (from, to) = (1.0, 0.1);
    let clean = |x: f64, Level { alpha, sigma }: Level| {
        alpha * std * std / ((alpha * std).powi(2) + sigma.powi(2)) * x
    };
    let variance = |level: Level| (level.alpha * std).powi(2) + level.sigma.powi(2);
    let errors = [256, 512, 1024].map(|n| {
        let mut found = variance(vp.level(from));
        for k in 0..n {
            let time = |k: usize| from + (to - from) * k as f64 / n as f64;
            let times = [time(k), time(k + 1)];
            let keep =
                method.step(&reverse, &1.0, &clean(1.0, vp.level(times[0])), times, &0.0).unwrap();
            let spread = method.step(&reverse, &0.0, &0.0, times, &1.0).unwrap();
            found = keep * keep * found + spread * spread;
        }
        (n as f64, (found - variance(vp.level(to))).abs())
    });
    order(&errors)
}

pub(super) fn stochastic() -> Vec<Row> {
    let row = |name, paper, evaluations, expected, measured| Row {
        name,
        paper,
        evaluations,
        expected,
        measured,
    };
    let book = "Kloeden and Platen 1992, §10";
    vec![
        row(
            "Euler–Maruyama, additive noise",
            book,
            1.0,
            vec![1.0, 1.0],
            vec![strong_additive(Scheme::EulerMaruyama), weak_additive(Scheme::EulerMaruyama)],
        ),
        row(
            "SRA1, additive noise",
            "Rößler 2010, §6",
            2.0,
            vec![1.5, 2.0],
            vec![strong_additive(Scheme::Sra1), weak_additive(Scheme::Sra1)],
        ),
        row(
            "Euler–Maruyama, multiplicative noise",
            book,
            1.0,
            vec![0.5, 1.0],
            multiplicative(Scheme::EulerMaruyama),
        ),
        row(
            "Milstein, multiplicative noise",
            book,
            1.0,
            vec![1.0, 1.0],
            multiplicative(Scheme::Milstein),
        ),
    ]
}

pub(super) fn predictors() -> Vec<Row> {
    let row = |name, paper, measured| Row {
        name,
        paper,
        evaluations: 1.0,
        expected: vec![1.0],
        measured: vec![measured],
    };
    vec![
        row(
            "Euler–Maruyama on the reverse SDE",
            "Song et al. 2021, §3",
            predictor(Predictor::EulerMaruyama),
        ),
        row(
            "reverse diffusion",
            "Song et al. 2021, eq. 46",
            predictor(Predictor::ReverseDiffusion),
        ),
    ]
}
