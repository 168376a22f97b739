//! Whole runs on exact mixtures: finite for every schedule, grid, solver and eta with real noise, and samples that have
//! the data's mean, variance and weights to within their standard errors.

use langevin_core::rng::Philox;
use langevin_core::{
    AnySchedule, AnySolver, Denoiser, GaussianMixture, Grid, Level, Result, Trajectory,
};

fn etas(solver: AnySolver) -> &'static [f64] {
    if solver.takes_noise() { &[0.0, 0.5, 1.0] } else { &[0.0] }
}

fn schedule(name: &str) -> AnySchedule {
    name.parse().unwrap()
}

/// Standard normal numbers for a step of a run.
fn noise(run: u64, size: usize) -> impl Fn(usize) -> Result<Vec<f64>> {
    move |step| {
        let mut random = Philox::new(11, run, step as u64 + 1);
        Ok((0..size).map(|_| random.normal()).collect())
    }
}

#[test]
fn every_combination_is_finite() {
    let data = GaussianMixture::new(
        vec![0.3, 0.5, 0.2],
        vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.0, -1.0]],
        // One component has no width in one dimension, as data on a line.
        vec![vec![0.1, 0.2], vec![0.3, 0.0], vec![0.5, 0.5]],
    )
    .unwrap();
    let mut runs = 0;
    for name in AnySchedule::NAMES {
        let schedule = schedule(name);
        for grid in Grid::NAMES {
            for steps in [1, 2, 10, 60] {
                let levels = grid.parse::<Grid>().unwrap().levels(&schedule, steps).unwrap();
                for solver in AnySolver::ALL {
                    for &eta in etas(solver) {
                        let source = noise(runs, 2);
                        let at = levels[0];
                        let mut random = Philox::new(3, runs, 0);
                        let start = data
                            .draw(&mut random)
                            .iter()
                            .map(|clean| at.alpha * clean + at.sigma * random.normal())
                            .collect();
                        let mut run =
                            Trajectory::new(start, levels.clone(), solver, eta, &data, &source);
                        let name = format!("{solver} eta {eta} on {grid} of {steps} on {name}");
                        for eval in run.by_ref() {
                            let eval = eval.unwrap();
                            let numbers = eval.x.iter().chain(&eval.clean);
                            assert!(numbers.clone().all(|x| x.is_finite()), "{name}: {eval:?}");
                        }
                        let end = run.state();
                        assert!(end.iter().all(|x| x.is_finite()), "{name}: {end:?}");
                        // The end is an estimate of the clean data, so it is where the data is; but two steps of a
                        // second-order solver over the whole range of noise may end anywhere.
                        let in_range = end.iter().all(|x| x.abs() < 8.0);
                        // So does the beta grid, even in sigma/alpha, where the schedule's largest is in the thousands.
                        assert!(in_range || steps < 60 || *grid == "beta", "{name}: {end:?}");
                        runs += 1;
                    }
                }
            }
        }
    }
    let per_grid = AnySolver::ALL.iter().map(|solver| etas(*solver).len()).sum::<usize>();
    let grids = AnySchedule::NAMES.len() * Grid::NAMES.len() * 4;
    assert_eq!(runs as usize, grids * per_grid);
}

/// Many one-dimensional samples in one state.
struct Batch(GaussianMixture);

impl Denoiser<Vec<f64>> for Batch {
    fn denoise(&self, x: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
        Ok(x.iter().map(|x| self.0.clean(&[*x], at)[0]).collect())
    }
}

/// The mean, variance and share of the right component of `N` samples against the data's own.
///
/// Each is the mean of a quantity over independent samples, so it is off by its standard error; six of them, or a
/// chance of 2e-9, are allowed, and nothing for the error of the solver, whose steps are small enough not to show.
fn agrees(schedule: &AnySchedule, grid: Grid, solver: AnySolver, eta: f64, steps: usize) {
    const SIZE: usize = 4000;
    let data = Batch(
        GaussianMixture::new(
            vec![0.3, 0.7],
            vec![vec![-1.2], vec![0.8]],
            vec![vec![0.3], vec![0.5]],
        )
        .unwrap(),
    );
    let levels = grid.levels(schedule, steps).unwrap();
    // The start is drawn from the data's density at the first level, which is not quite N(0, 1) on all schedules.
    let (mut random, at) = (Philox::new(5, 0, 0), levels[0]);
    let start = (0..SIZE)
        .map(|_| at.alpha * data.0.draw(&mut random)[0] + at.sigma * random.normal())
        .collect();
    let source = noise(7, SIZE);
    let x = Trajectory::new(start, levels, solver, eta, &data, &source).run().unwrap();

    let mean = 0.3 * -1.2 + 0.7 * 0.8;
    let variance = |x: f64| (x - mean).powi(2);
    let true_variance =
        0.3 * (0.3f64.powi(2) + variance(-1.2)) + 0.7 * (0.5f64.powi(2) + variance(0.8));
    // P(x > −0.2) of the two components.
    let right = 0.3 * upper_tail((-0.2 + 1.2) / 0.3) + 0.7 * (1.0 - upper_tail((0.8 + 0.2) / 0.5));
    let check = |what: &str, expected: f64, quantity: &dyn Fn(f64) -> f64| {
        let values: Vec<f64> = x.iter().map(|x| quantity(*x)).collect();
        let found = values.iter().sum::<f64>() / SIZE as f64;
        let spread = values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / (SIZE - 1) as f64;
        let error = (spread / SIZE as f64).sqrt();
        assert!(
            (found - expected).abs() < 6.0 * error,
            "{solver} eta {eta} on {schedule:?}: {what} is {found}, not {expected} ± {error}"
        );
    };
    check("mean", mean, &|x| x);
    check("variance", true_variance, &variance);
    check("share of the right side", right, &|x| f64::from(u8::from(x > -0.2)));
}

/// `P(z > x)` of a standard normal number, by Simpson's rule from `x` to 12.
fn upper_tail(x: f64) -> f64 {
    const PARTS: usize = 2000;
    let h = (12.0 - x) / PARTS as f64;
    let density =
        |k: usize| (-0.5 * (x + k as f64 * h).powi(2)).exp() / std::f64::consts::TAU.sqrt();
    let weight = |k: usize| match k {
        0 | PARTS => 1.0,
        _ if k % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=PARTS).map(|k| weight(k) * density(k)).sum::<f64>() * h / 3.0
}

#[test]
fn upper_tail_is_known() {
    assert!((upper_tail(0.0) - 0.5).abs() < 1e-10);
    assert!((upper_tail(1.959_963_984_540_054) - 0.025).abs() < 1e-10);
}

#[test]
fn deterministic_samples_have_the_datas_moments() {
    let karras = Grid::Karras { rho: 7.0 };
    agrees(&schedule("rectified-flow"), Grid::Uniform, AnySolver::HeunFlow, 0.0, 100);
    agrees(&schedule("rectified-flow"), Grid::Uniform, AnySolver::Dpm2M, 0.0, 100);
    agrees(&schedule("edm"), karras, AnySolver::Heun, 0.0, 100);
    agrees(&schedule("cosine"), Grid::Uniform, AnySolver::Heun, 0.0, 100);
    agrees(&schedule("ddpm-linear"), Grid::Trailing, AnySolver::Dpm2M, 0.0, 100);
    agrees(&schedule("scaled-linear"), Grid::Trailing, AnySolver::Euler, 0.0, 500);
}

#[test]
fn stochastic_samples_have_the_datas_moments() {
    agrees(&schedule("ddpm-linear"), Grid::Trailing, AnySolver::Ancestral, 1.0, 1000);
    agrees(&schedule("squaredcos"), Grid::Leading, AnySolver::Ancestral, 1.0, 500);
    agrees(&schedule("rectified-flow"), Grid::Uniform, AnySolver::Euler, 0.5, 500);
    agrees(&schedule("ve"), Grid::Uniform, AnySolver::Ancestral, 1.0, 500);
    agrees(&schedule("edm"), Grid::Karras { rho: 7.0 }, AnySolver::Dpm2M, 1.0, 200);
    agrees(&schedule("cosine"), Grid::Uniform, AnySolver::Heun, 0.5, 200);
}
