//! Orders of convergence, measured: Euler 1, Heun, HeunFlow and DPM++(2M) 2, on a Gaussian with its exact solution and
//! on a mixture with a fourth-order reference; and a published-style table of end-point errors to three digits.

use langevin_core::{AnySolver, GaussianMixture, Level, NoNoise, Trajectory};

/// `sigma` even in its seventh root from `max` to `min` in `steps` steps, both ends visited.
fn karras(max: f64, min: f64, steps: usize) -> Vec<Level> {
    let root = |sigma: f64| sigma.powf(1.0 / 7.0);
    let sigma = |k: usize| {
        let share = k as f64 / steps as f64;
        ((1.0 - share) * root(max) + share * root(min)).powi(7)
    };
    (0..=steps).map(|k| Level::new(1.0, sigma(k))).collect()
}

/// Flow times `1, 1 − 1/n, …, 0`: both ends of the process.
fn flow(steps: usize) -> Vec<Level> {
    let time = |k: usize| (steps - k) as f64 / steps as f64;
    (0..=steps).map(|k| Level::new(1.0 - time(k), time(k))).collect()
}

fn end(data: &GaussianMixture, solver: AnySolver, levels: Vec<Level>, start: &[f64]) -> Vec<f64> {
    Trajectory::new(start.to_vec(), levels, solver, 0.0, data, &NoNoise).run().unwrap()
}

/// Least-squares slope of `−log2(error)` over `log2(steps)`.
fn order(errors: &[(usize, f64)]) -> f64 {
    let points: Vec<(f64, f64)> =
        errors.iter().map(|&(n, error)| ((n as f64).log2(), -error.log2())).collect();
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    covariance / points.iter().map(|p| (p.0 - mean_x).powi(2)).sum::<f64>()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

const COUNTS: [usize; 4] = [128, 256, 512, 1024];

/// Errors at doubling numbers of steps, and the order that they show, on the solver's grid.
fn measure(
    data: &GaussianMixture,
    solver: AnySolver,
    levels: &dyn Fn(usize) -> Vec<Level>,
    start: &[f64],
    exact: &[f64],
) -> f64 {
    let errors = COUNTS.map(|n| (n, distance(&end(data, solver, levels(n), start), exact)));
    assert!(errors[0].1 < 0.05, "{solver} is far from the solution: {errors:?}");
    order(&errors)
}

/// Checks the order from pure noise to clean data, even in flow time, which is regular at both ends.
///
/// There `sigma/alpha` is infinite at one end and `λ` at both, so that near an end steps of Heun's method and DPM++(2M)
/// in their own coordinate do not shrink with `h = 1/n`: the step k places from the end errs by about `h²/k`, which
/// adds up to `h² ln n`. Its slope is `2 − 1/ln n`, 1.79 at the smallest count.
fn check_between_the_ends(data: &GaussianMixture, solver: AnySolver, start: &[f64], exact: &[f64]) {
    let found = measure(data, solver, &flow, start, exact);
    match solver {
        AnySolver::Heun | AnySolver::Dpm2M => {
            assert!((1.7..2.05).contains(&found), "{solver} has order {found} between the ends");
        }
        AnySolver::HeunFlow => check(solver, 2.0, found),
        _ => check(solver, 1.0, found),
    }
}

fn check(solver: AnySolver, expected: f64, found: f64) {
    assert!((found - expected).abs() < 0.05, "{solver} has order {found}, not {expected}");
}

const ORDERS: [(AnySolver, f64); 4] = [
    (AnySolver::Euler, 1.0),
    (AnySolver::Heun, 2.0),
    (AnySolver::HeunFlow, 2.0),
    (AnySolver::Dpm2M, 2.0),
];

/// The probability-flow ODE scales `x − m` with the standard deviation: exact at both ends.
#[test]
fn orders_on_a_gaussian() {
    let (mean, std) = (0.8, 0.5f64);
    let data = GaussianMixture::new(vec![1.0], vec![vec![mean]], vec![vec![std]]).unwrap();
    for (solver, expected) in ORDERS {
        let (max, min) = (20.0, 0.01f64);
        let start = 13.0;
        let exact = mean + (start - mean) * std.hypot(min) / std.hypot(max);
        let found = measure(&data, solver, &|n| karras(max, min, n), &[start], &[exact]);
        check(solver, expected, found);
        // From pure noise to clean data, `start` standard deviations from the mean.
        let start = -1.3;
        let exact = mean + std * start;
        check_between_the_ends(&data, solver, &[start], &[exact]);
    }
}

#[test]
fn orders_on_a_mixture() {
    let data = GaussianMixture::new(
        vec![0.5, 0.3, 0.2],
        vec![vec![-1.0, 0.3], vec![1.2, 0.8], vec![0.4, -1.5]],
        vec![vec![0.4, 0.3], vec![0.3, 0.5], vec![0.5, 0.4]],
    )
    .unwrap();
    for (solver, expected) in ORDERS {
        let (max, min) = (20.0, 0.05);
        let start = [-4.0, 17.0];
        let exact = runge_kutta_in_log_sigma(&data, max, min, &start);
        let found = measure(&data, solver, &|n| karras(max, min, n), &start, &exact);
        check(solver, expected, found);
        let start = [0.6, -1.1];
        let exact = runge_kutta_in_flow_time(&data, &start);
        check_between_the_ends(&data, solver, &start, &exact);
    }
}

/// `dx/d ln σ = −σ² · score` from `max` to `min`, by the classical method of order 4 in 8,192 steps.
fn runge_kutta_in_log_sigma(data: &GaussianMixture, max: f64, min: f64, x: &[f64]) -> Vec<f64> {
    let slope = |x: &[f64], log: f64| {
        let level = Level::new(1.0, log.exp());
        data.score(x, level).iter().map(|score| -level.sigma.powi(2) * score).collect()
    };
    runge_kutta(x, max.ln(), min.ln(), &slope)
}

/// `dx/dt = noise − clean = −t · score − clean` from pure noise to clean data; smooth at both ends.
fn runge_kutta_in_flow_time(data: &GaussianMixture, x: &[f64]) -> Vec<f64> {
    let slope = |x: &[f64], t: f64| {
        let level = Level::new(1.0 - t, t);
        let scores = data.score(x, level);
        scores.iter().zip(data.clean(x, level)).map(|(s, clean)| -t * s - clean).collect()
    };
    runge_kutta(x, 1.0, 0.0, &slope)
}

fn runge_kutta(x: &[f64], from: f64, to: f64, slope: &dyn Fn(&[f64], f64) -> Vec<f64>) -> Vec<f64> {
    const STEPS: usize = 8192;
    let h = (to - from) / STEPS as f64;
    let moved = |x: &[f64], k: &[f64], h: f64| -> Vec<f64> {
        x.iter().zip(k).map(|(x, k)| x + h * k).collect()
    };
    let mut x = x.to_vec();
    for step in 0..STEPS {
        let at = |part: f64| from + (step as f64 + part) / STEPS as f64 * (to - from);
        let k1 = slope(&x, at(0.0));
        let k2 = slope(&moved(&x, &k1, h / 2.0), at(0.5));
        let k3 = slope(&moved(&x, &k2, h / 2.0), at(0.5));
        let k4 = slope(&moved(&x, &k3, h), at(1.0));
        for i in 0..x.len() {
            x[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    x
}

/// Relative errors of the end point for data N(0, 0.5²) on EDM's grid from 80 to 0.002, computed independently in
/// double precision, at 10, 20, 40, 80, 160, 320 and 640 steps.
#[test]
fn golden_errors_on_a_gaussian() {
    let table = [
        (
            AnySolver::Euler,
            ["2.472e-1", "1.324e-1", "6.858e-2", "3.490e-2", "1.760e-2", "8.841e-3", "4.430e-3"],
        ),
        (
            AnySolver::Heun,
            ["1.746e-1", "3.920e-2", "9.286e-3", "2.260e-3", "5.575e-4", "1.384e-4", "3.450e-5"],
        ),
        (
            AnySolver::Dpm2M,
            ["1.461e-1", "4.411e-2", "9.868e-3", "2.327e-3", "5.654e-4", "1.394e-4", "3.461e-5"],
        ),
        (
            AnySolver::Rk4,
            ["7.514e-3", "5.097e-4", "3.213e-5", "2.005e-6", "1.250e-7", "7.800e-9", "4.87e-10"],
        ),
    ];
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![0.5]]).unwrap();
    let (max, min) = (80.0, 0.002f64);
    let exact = 0.5f64.hypot(min) / 0.5f64.hypot(max);
    assert!((exact / 0.006249927932087134 - 1.0).abs() < 1e-14);
    for (solver, errors) in table {
        for (column, expected) in errors.into_iter().enumerate() {
            let steps = 10 << column;
            let found = end(&data, solver, karras(max, min, steps), &[1.0])[0];
            let found = (found / exact - 1.0).abs();
            let expected: f64 = expected.parse().unwrap();
            // Half a unit of the last printed digit, three or four digits.
            let digits = errors[column].split('e').next().unwrap().len() as i32 - 2;
            let unit = 10f64.powi(expected.log10().floor() as i32 - digits);
            assert!(
                (found - expected).abs() <= 0.5 * unit * (1.0 + 1e-6),
                "{solver}, {steps} steps: {found:e}"
            );
        }
    }
}
