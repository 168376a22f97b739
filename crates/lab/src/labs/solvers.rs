//! Convergence on data `N(0, ½²)` with EDM's grid (ρ = 7, 80 → 0.002), where the exact end is the start times
//! `√((S² + s'²)/(S² + s²))`.

use langevin_core::{AnySolver, Edm, GaussianMixture, NoNoise, Schedule, Trajectory};

use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::order;
use crate::{Bench, Result, Table};

const STEPS: [usize; 7] = [10, 20, 40, 80, 160, 320, 640];
const STD: f64 = 0.5;

/// The solvers with the order that their papers give.
const SOLVERS: [(AnySolver, &str, f64); 6] = [
    (AnySolver::Euler, "Euler / DDIM", 1.0),
    (AnySolver::Heun, "Heun", 2.0),
    (AnySolver::Dpm2M, "DPM++(2M)", 2.0),
    (AnySolver::Dpm3M, "DPM++(3M)", 3.0),
    (AnySolver::UniPc2, "UniPC-2", 3.0),
    (AnySolver::Rk4, "RK4", 4.0),
];

/// Relative errors that an independent program found, to four digits.
const GOLDEN: [(&str, [f64; 7]); 4] = [
    ("Euler / DDIM", [2.472e-1, 1.324e-1, 6.858e-2, 3.490e-2, 1.760e-2, 8.841e-3, 4.430e-3]),
    ("Heun", [1.746e-1, 3.920e-2, 9.286e-3, 2.260e-3, 5.575e-4, 1.384e-4, 3.450e-5]),
    ("DPM++(2M)", [1.461e-1, 4.411e-2, 9.868e-3, 2.327e-3, 5.654e-4, 1.394e-4, 3.461e-5]),
    ("RK4", [7.514e-3, 5.097e-4, 3.213e-5, 2.005e-6, 1.250e-7, 7.800e-9, 4.87e-10]),
];

pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let mut table = Table::new(&["solver", "10", "20", "40", "80", "160", "320", "640", "order"]);
    let mut series = Vec::new();
    for (index, (solver, name, theory)) in SOLVERS.into_iter().enumerate() {
        let errors = STEPS.map(|steps| relative_error(solver, steps));
        let errors: Vec<f64> = errors.into_iter().collect::<Result<_>>()?;
        for (golden, steps) in
            GOLDEN.iter().filter(|g| g.0 == name).flat_map(|g| g.1.iter().zip(STEPS))
        {
            let found = errors[STEPS.iter().position(|s| *s == steps).unwrap_or(0)];
            // Three digits.
            bench.check(format!("{name}, {steps} steps"), found, *golden, 5e-3 * golden);
        }
        let points: Vec<(f64, f64)> =
            STEPS.iter().zip(&errors).map(|(n, e)| (*n as f64, *e)).collect();
        // The last halvings whose errors stand above rounding.
        let tail: Vec<_> =
            points.iter().copied().filter(|(n, e)| *n >= 80.0 && *e > 1e-11).collect();
        let found = -order(&tail);
        bench.check(format!("{name}, order"), found, theory, 0.25);
        let cells = errors.iter().map(|e| format!("{e:.3e}"));
        let cells = [name.to_owned()].into_iter().chain(cells).chain([format!("{found:.2}")]);
        table.row(cells.collect());
        series.push(Series::new(name, Mark::Dotted, index, points));
    }
    bench.table("solvers.md", &table)?;
    let steps = Axis::log("number of steps", 8.0, 1000.0);
    let error = Axis::log("relative error of the end point", 1e-12, 1.0);
    let panel =
        Panel::new("One Gaussian, EDM's grid: error by number of steps", steps, error, series)
            .with_legend(Legend::LowerLeft);
    bench.picture("solvers.png", &Figure::new(vec![panel], 1, (760, 500)))
}

/// `|end/exact − 1|` of one trajectory from noise 80 to noise 0.002.
fn relative_error(solver: AnySolver, steps: usize) -> Result<f64> {
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![STD]])?;
    let schedule = Edm::default();
    let levels: Vec<_> =
        (0..=steps).map(|k| schedule.level(1.0 - k as f64 / steps as f64)).collect();
    let (first, last) = (levels[0].sigma, levels[steps].sigma);
    let end = Trajectory::new(vec![80.0], levels, solver, 0.0, &data, &NoNoise).run()?;
    Ok((end[0] / (80.0 * STD.hypot(last) / STD.hypot(first)) - 1.0).abs())
}
