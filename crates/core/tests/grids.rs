//! Grids: the right number of falling levels on every schedule, the timesteps of diffusers and DDIM, EDM's equation 5,
//! and counts that must be refused.

use langevin_core::{
    AnySchedule, Betas, DdpmSchedule, Edm, Error, Grid, Level, RectifiedFlow, Schedule, Ve,
};

fn schedules() -> Vec<AnySchedule> {
    AnySchedule::NAMES.iter().map(|name| name.parse().unwrap()).collect()
}

fn grids() -> Vec<Grid> {
    Grid::NAMES.iter().map(|name| name.parse().unwrap()).collect()
}

/// The timesteps of a grid on a DDPM schedule of `total` steps.
fn timesteps(grid: Grid, total: usize, steps: usize) -> Vec<u64> {
    let schedule = DdpmSchedule::new(Betas::Linear, 1e-4, 0.02, total).unwrap();
    let levels = grid.levels(&schedule, steps).unwrap();
    let timestep = |level: &Level| {
        let timestep = schedule.timestep(*level);
        assert!((timestep - timestep.round()).abs() < 1e-8, "{grid} {total} {steps}: {timestep}");
        timestep.round() as u64
    };
    levels[..steps].iter().map(timestep).collect()
}

#[test]
fn steps_and_one_levels_fall_to_clean_data() {
    for schedule in schedules() {
        for grid in grids() {
            for steps in [1, 2, 7, 50, 999, 1000] {
                let levels = grid.levels(&schedule, steps).unwrap();
                assert_eq!(levels.len(), steps + 1);
                assert_eq!(levels[steps], Level::CLEAN);
                for pair in levels.windows(2) {
                    assert!(
                        pair[1].snr() > pair[0].snr(),
                        "{grid} of {steps} on {schedule:?}: {pair:?}"
                    );
                }
                assert!(levels.iter().all(|l| l.alpha.is_finite() && l.sigma.is_finite()));
            }
        }
    }
}

/// Leading and linspace with one step visit timestep 0 alone, as diffusers does, so they are left out there.
#[test]
fn grids_start_at_the_noisiest_level_they_promise() {
    for schedule in schedules() {
        for steps in [1, 7, 1000] {
            let first = |grid: Grid| grid.levels(&schedule, steps).unwrap()[0];
            assert_eq!(first(Grid::Uniform), schedule.level(1.0));
            assert_eq!(first(Grid::Trailing), schedule.level(1.0));
            if steps > 1 {
                assert_eq!(first(Grid::Linspace), schedule.level(1.0));
            }
        }
    }
}

#[test]
fn timesteps_are_those_of_diffusers_and_ddim() {
    let mut lines = 0;
    for line in include_str!("golden/timesteps.txt").lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let grid: Grid = fields[0].parse().unwrap();
        let (total, steps) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
        let found = timesteps(grid, total, steps);
        let number = |field: &&str| field.parse::<u64>().unwrap();
        if fields[3] == "sums" {
            let sum =
                |power: u32| -> u64 { (1..).zip(&found).map(|(i, t)| i * t.pow(power)).sum() };
            assert_eq!([sum(1), sum(2)], [number(&fields[4]), number(&fields[5])], "{line}");
        } else {
            assert_eq!(found, fields[3..].iter().map(number).collect::<Vec<_>>(), "{line}");
        }
        lines += 1;
    }
    assert!(lines > 150, "only {lines} cases compared");
}

/// Where DDIM's squares coincide, ours move to the nearest free timestep: the levels stay distinct.
#[test]
fn quadratic_timesteps_stay_distinct() {
    for total in [1, 2, 10, 1000] {
        for steps in (1..=total).filter(|n| total < 1000 || n % 83 == 0 || *n > 995) {
            let found = timesteps(Grid::Quadratic, total, steps);
            assert!(found.windows(2).all(|pair| pair[0] > pair[1]), "{total} {steps}: {found:?}");
            assert!(found[0] < total as u64);
        }
    }
}

/// Karras et al. 2022, eq. 5.
#[test]
fn karras_is_equation_5() {
    let (min, max) = (0.002, 80.0);
    for rho in [1.0, 3.0, 7.0] {
        let expected = |k: usize, steps: usize| {
            let root = |sigma: f64| sigma.powf(1.0 / rho);
            let share = k as f64 / (steps - 1) as f64;
            // root(max) + share · (root(min) − root(max)), without the cancellation of this form.
            ((1.0 - share) * root(max) + share * root(min)).powf(rho)
        };
        for schedule in
            [AnySchedule::Edm(Edm::default()), AnySchedule::Ve(Ve::new(min, max).unwrap())]
        {
            for steps in [2, 18, 100] {
                let levels = Grid::Karras { rho }.levels(&schedule, steps).unwrap();
                for (k, level) in levels[..steps].iter().enumerate() {
                    assert_eq!(level.alpha, 1.0);
                    let relative = level.sigma / expected(k, steps) - 1.0;
                    assert!(relative.abs() < 1e-12, "{schedule:?} rho {rho}, {k} of {steps}");
                }
            }
        }
    }
}

/// On any schedule the grid is even in `(sigma/alpha)^(1/ρ)`, between finite ends.
#[test]
fn karras_is_even_in_its_root_on_any_schedule() {
    for schedule in schedules() {
        let steps = 25;
        let levels = Grid::Karras { rho: 7.0 }.levels(&schedule, steps).unwrap();
        let roots: Vec<f64> = levels[..steps].iter().map(|l| l.ratio().powf(1.0 / 7.0)).collect();
        let even = (roots[0] - roots[steps - 1]) / (steps - 1) as f64;
        for pair in roots.windows(2) {
            assert!(((pair[0] - pair[1]) / even - 1.0).abs() < 1e-9, "{schedule:?}");
        }
    }
}

#[test]
fn uniform_is_even_in_time() {
    let levels = Grid::Uniform.levels(&RectifiedFlow, 4).unwrap();
    let sigmas: Vec<f64> = levels.iter().map(|level| level.sigma).collect();
    assert_eq!(sigmas, [1.0, 0.75, 0.5, 0.25, 0.0]);
}

#[test]
fn absurd_counts_are_refused() {
    for schedule in schedules() {
        for grid in grids() {
            for steps in [0, 1_000_001, 1_000_000_000, usize::MAX] {
                let error = grid.levels(&schedule, steps).unwrap_err();
                assert!(matches!(error, Error::Value { name: "steps", .. }), "{error}");
                assert!(error.to_string().contains(&steps.to_string()), "{error}");
            }
        }
    }
}

/// More steps than timesteps: refused by the grids that pick timesteps, served by those that do not.
#[test]
fn more_steps_than_timesteps_are_refused() {
    let schedule = DdpmSchedule::linear();
    for grid in [Grid::Leading, Grid::Trailing, Grid::Linspace, Grid::Quadratic] {
        let error = grid.levels(&schedule, 1001).unwrap_err().to_string();
        assert!(error.contains("1001") && error.contains("timesteps"), "{error}");
    }
    for grid in [Grid::Uniform, Grid::Karras { rho: 7.0 }] {
        assert_eq!(grid.levels(&schedule, 2500).unwrap().len(), 2501);
    }
}

#[test]
fn hostile_rhos_are_refused() {
    for rho in [0.0, -7.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        for schedule in schedules() {
            let error = Grid::Karras { rho }.levels(&schedule, 10).unwrap_err();
            assert!(matches!(error, Error::Value { .. }), "rho {rho}: {error}");
        }
    }
}

#[test]
fn names_and_serde_round_trip() {
    for grid in grids() {
        assert_eq!(grid.to_string().parse::<Grid>().unwrap(), grid);
        let text = serde_json::to_string(&grid).unwrap();
        assert_eq!(serde_json::from_str::<Grid>(&text).unwrap(), grid, "{text}");
    }
    let error = "karass".parse::<Grid>().unwrap_err().to_string();
    assert!(error.contains("\"karass\"") && error.contains("karras"), "{error}");
}
