//! Samples a two-dimensional mixture with three solvers and compares the fractions of its modes with the truth.

use langevin_core::rng::Philox;
use langevin_core::{AnySolver, GaussianMixture, Grid, NoNoise, RectifiedFlow, Trajectory};

fn main() -> langevin_core::Result<()> {
    let means = vec![vec![-2.0, 0.0], vec![2.0, 1.0]];
    let mixture =
        GaussianMixture::new(vec![0.3, 0.7], means, vec![vec![0.3, 0.5], vec![0.4, 0.2]])?;
    println!("share of samples in the left mode; the truth is 0.300");
    for solver in [AnySolver::Euler, AnySolver::HeunFlow, AnySolver::Dpm2M] {
        for steps in [5, 20, 80] {
            let levels = Grid::Uniform.levels(&RectifiedFlow, steps)?;
            let count = 4000;
            let mut left = 0;
            for seed in 0..count {
                let mut random = Philox::new(seed, 0, 0);
                let start = vec![random.normal(), random.normal()];
                let end = Trajectory::new(start, levels.clone(), solver, 0.0, &mixture, &NoNoise)
                    .run()?;
                left += usize::from(end[0] < 0.0);
            }
            println!(
                "{:>9}, {steps:>2} steps: {:.3}",
                solver.to_string(),
                left as f64 / count as f64
            );
        }
    }
    Ok(())
}
