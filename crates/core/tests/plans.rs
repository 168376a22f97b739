//! Churn, restarts and resampling: the moves are those of the papers, and on Gaussian data they leave the exact marginals.

use langevin_core::plan::{Churn, Move, Restart, churn, repaint, restart, rising_noise, steps};
use langevin_core::rng::Philox;
use langevin_core::{
    AnySolver, DdpmSchedule, GaussianMixture, Grid, Level, Result, Schedule, Trajectory, Ve,
};

fn ratios(moves: &[Move]) -> Vec<f64> {
    moves.iter().map(|m| m.to().ratio()).collect()
}

#[test]
fn churn_raises_the_level_before_each_step_in_range() {
    let levels: Vec<_> = [8.0, 4.0, 2.0, 1.0, 0.0].map(|s| Level::new(1.0, s)).to_vec();
    let moves = churn(&levels, Churn { amount: 1.0, min: 1.5, max: 5.0, noise: 1.007 });
    let rise = |s| Move::Rise { to: Level::new(1.0, s), scale: 1.007 };
    let step = |s| Move::Step(Level::new(1.0, s));
    assert_eq!(moves, [step(4.0), rise(5.0), step(2.0), rise(2.5), step(1.0), step(0.0)]);
    // gamma is at most √2 − 1: the variance at most doubles.
    let moves = churn(&levels, Churn { amount: 1e9, ..Churn::default() });
    assert!((moves[0].to().sigma - 8.0 * 2f64.sqrt()).abs() < 1e-12);
    assert_eq!(churn(&levels, Churn::default()), steps(&levels));
}

#[test]
fn rises_stay_on_the_curve_of_the_levels() {
    let schedule = DdpmSchedule::linear();
    let levels = Grid::Trailing.levels(&schedule, 10).unwrap();
    for m in churn(&levels, Churn { amount: 2.0, ..Churn::default() }) {
        assert!((m.to().alpha.hypot(m.to().sigma) - 1.0).abs() < 1e-12, "{m:?}");
    }
}

#[test]
fn restarts_repeat_an_interval() {
    let levels: Vec<_> = [8.0, 4.0, 2.0, 1.0, 0.0].map(|s| Level::new(1.0, s)).to_vec();
    let plan = restart(&levels, &[Restart { min: 1.9, max: 5.0, times: 2, steps: 1 }]).unwrap();
    let found = ratios(&plan);
    let expected = [4.0, 2.0, 5.0, 2.0, 5.0, 2.0, 1.0, 0.0];
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} and {expected}");
    }
    assert!(matches!(plan[2], Move::Rise { .. }));
    for bad in [(0.0, 1.0, 1), (2.0, 1.0, 1), (1.0, f64::INFINITY, 1), (1.0, 2.0, 0)] {
        let bad = Restart { min: bad.0, max: bad.1, times: 1, steps: bad.2 };
        assert!(restart(&levels, &[bad]).is_err(), "{bad:?}");
    }
}

/// The list that the paper's appendix gives for T = 4, jump length 1, two resamplings: 3 2 3 2 1 2 1 0 1 0 −1.
#[test]
fn repaint_goes_back_as_its_paper_lists() {
    let levels: Vec<_> = [4.0, 3.0, 2.0, 1.0, 0.0].map(|s| Level::new(1.0, s)).to_vec();
    let found = ratios(&repaint(&levels, 1, 2).unwrap());
    assert_eq!(found, [3.0, 4.0, 3.0, 2.0, 3.0, 2.0, 1.0, 2.0, 1.0, 0.0]);
    assert_eq!(repaint(&levels, 1, 1).unwrap(), steps(&levels));
    assert_eq!(
        repaint(&levels, 0, 1).unwrap_err().to_string(),
        "jump length is 0, but must be at least 1"
    );
}

/// Every move is affine on Gaussian data: with the ancestral solver's exact posterior the variance of each level is met,
/// whatever the plan. Here from samples: 20,000 of them, five standard errors.
#[test]
fn plans_leave_the_marginals() {
    let schedule = Ve::new(0.05, 5.0).unwrap();
    let levels: Vec<_> = (0..=60).map(|k| schedule.level(1.0 - f64::from(k) / 60.0)).collect();
    let data = GaussianMixture::new(vec![1.0], vec![vec![1.0]], vec![vec![0.7]]).unwrap();
    let plans = [
        churn(&levels, Churn { amount: 10.0, ..Churn::default() }),
        restart(&levels, &[Restart { min: 0.3, max: 1.0, times: 3, steps: 20 }]).unwrap(),
        repaint(&levels, 10, 3).unwrap(),
    ];
    for plan in plans {
        let n = 20_000;
        let ends: Vec<f64> = (0..n)
            .map(|i| {
                let noise = move |step: usize| -> Result<Vec<f64>> {
                    Ok(vec![Philox::new(i, 1, step as u64).normal()])
                };
                let start = vec![1.0 + 0.7f64.hypot(5.0) * Philox::new(i, 0, 0).normal()];
                let trajectory =
                    Trajectory::new(start, levels.clone(), AnySolver::Heun, 0.0, &data, &noise);
                trajectory.along(plan.clone()).run().unwrap()[0]
            })
            .collect();
        let mean = ends.iter().sum::<f64>() / n as f64;
        let variance = ends.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        let exact = 0.49 + 0.0025f64;
        assert!((mean - 1.0).abs() < 5.0 * (exact / n as f64).sqrt(), "mean {mean}");
        assert!(
            (variance / exact - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt() + 2e-3,
            "variance {variance}"
        );
    }
}

#[test]
fn rising_noise_completes_the_variance() {
    let (from, to) = (Level::new(0.9, 0.3), Level::new(0.5, 0.8));
    let kept = 0.5 / 0.9 * 0.3f64;
    assert!((rising_noise(from, to).hypot(kept) - 0.8).abs() < 1e-15);
    assert_eq!(rising_noise(to, from), 0.0);
}
