//! Exponential, beta and Align-Your-Steps grids, and image-to-image starts.

use langevin_core::grid::{AysTable, quantile, start_at};
use langevin_core::{AnySchedule, DdpmSchedule, Edm, Grid, Level, Schedule};

#[test]
fn exponential_is_even_in_the_log() {
    let levels = Grid::Exponential.levels(&Edm::new(0.01, 100.0).unwrap(), 5).unwrap();
    let found: Vec<f64> = levels.iter().map(|level| level.sigma).collect();
    for (found, expected) in found.iter().zip([100.0, 10.0, 1.0, 0.1, 0.01, 0.0]) {
        assert!((found - expected).abs() < 1e-12 * expected.max(1e-6), "{found} and {expected}");
    }
}

#[test]
fn beta_places_quantiles() {
    let edm = Edm::new(0.5, 8.0).unwrap();
    let levels = Grid::Beta { alpha: 0.6, beta: 0.6 }.levels(&edm, 5).unwrap();
    for (k, level) in levels[..5].iter().enumerate() {
        let expected = 0.5 + 7.5 * quantile(1.0 - k as f64 / 4.0, 0.6, 0.6);
        assert!((level.sigma - expected).abs() < 1e-12, "{level:?} and {expected}");
    }
    for alpha in [0.0, -1.0, f64::NAN, 1e9] {
        assert!(Grid::Beta { alpha, beta: 0.6 }.levels(&edm, 5).is_err());
    }
}

#[test]
fn ays_visits_its_timesteps() {
    let schedule = DdpmSchedule::scaled_linear();
    let levels = Grid::Ays { table: AysTable::Sd15 }.levels(&schedule, 10).unwrap();
    // The noise levels that the authors print beside the timesteps, to their digits.
    let printed = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152];
    for (k, level) in levels[..10].iter().enumerate() {
        // Ratios pin the timesteps down to a step or two; that they are whole pins the rest.
        let timestep = schedule.timestep(*level);
        assert!((timestep - timestep.round()).abs() < 1e-9, "{timestep}");
        assert!(
            (level.ratio() / printed[k] - 1.0).abs() < 5e-3,
            "{} and {}",
            level.ratio(),
            printed[k]
        );
    }
    let many = Grid::Ays { table: AysTable::Sdxl }.levels(&schedule, 19).unwrap();
    assert!((schedule.timestep(many[1]) - 922.0).abs() < 1e-9);
}

/// The video model's are noise levels, which grow by a factor from one to the next.
#[test]
fn ays_for_video_visits_its_noise_levels() {
    let schedule = langevin_core::Edm::new(0.002, 700.0).unwrap();
    let levels = Grid::Ays { table: AysTable::Svd }.levels(&schedule, 10).unwrap();
    for (k, ratio) in [(0, 700.0), (1, 54.5), (5, 1.789), (9, 0.034)] {
        assert!((levels[k].ratio() / ratio - 1.0).abs() < 1e-9, "{}", levels[k].ratio());
    }
    let many = Grid::Ays { table: AysTable::Svd }.levels(&schedule, 19).unwrap();
    assert!((many[1].ratio() / (700.0_f64 * 54.5).sqrt() - 1.0).abs() < 1e-9);
}

#[test]
fn strength_is_the_share_of_steps() {
    let levels = Grid::Trailing.levels(&DdpmSchedule::linear(), 10).unwrap();
    assert_eq!(start_at(&levels, 1.0).unwrap(), levels);
    assert_eq!(start_at(&levels, 0.55).unwrap(), &levels[5..]);
    assert_eq!(start_at(&levels, 0.0).unwrap(), [Level::CLEAN]);
    let error = start_at(&levels, 1.5).unwrap_err().to_string();
    assert_eq!(error, "strength is 1.5, but must be from 0 to 1");
}

#[test]
fn every_name_is_a_grid_that_prints_and_falls() {
    let schedule: AnySchedule = "vp".parse().unwrap();
    for name in Grid::NAMES {
        let grid: Grid = name.parse().unwrap();
        assert!(*name == "lu" || grid.to_string() == *name);
        let text = serde_json::to_string(&grid).unwrap();
        assert_eq!(serde_json::from_str::<Grid>(&text).unwrap(), grid);
        assert_eq!(grid.levels(&schedule, 12).unwrap().len(), 13);
    }
}
