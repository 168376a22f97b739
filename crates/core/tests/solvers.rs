//! Solvers against the published second-order steps in their own coordinates, backwards from clean data to noise, and
//! by name.

use langevin_core::{
    AnySolver, Denoiser, GaussianMixture, Grid, Level, NoNoise, Prediction, RectifiedFlow,
    Schedule, Trajectory,
};
use proptest::prelude::*;

const SOLVERS: [AnySolver; 6] = [
    AnySolver::Euler,
    AnySolver::Ancestral,
    AnySolver::Lcm,
    AnySolver::Heun,
    AnySolver::HeunFlow,
    AnySolver::Dpm2M,
];

fn mixture() -> GaussianMixture {
    GaussianMixture::new(vec![0.4, 0.6], vec![vec![-1.0], vec![2.0]], vec![vec![0.3], vec![0.5]])
        .unwrap()
}

fn step(solver: AnySolver, x: f64, from: Level, to: Level) -> f64 {
    Trajectory::new(vec![x], vec![from, to], solver, 0.0, &mixture(), &NoNoise).run().unwrap()[0]
}

proptest! {
    /// Karras et al. 2022, algorithm 1 without churn: `d = (x − D)/σ` at both ends, averaged.
    #[test]
    fn heun_is_edms(x in -40.0..40.0f64, sigma in 0.05..80.0f64, ratio in 0.01..0.99f64) {
        let next = sigma * ratio;
        let slope = |x: f64, sigma: f64| {
            (x - mixture().clean(&[x], Level::new(1.0, sigma))[0]) / sigma
        };
        let d = slope(x, sigma);
        let predicted = x + (next - sigma) * d;
        let expected = x + (next - sigma) * 0.5 * (d + slope(predicted, next));
        let found = step(AnySolver::Heun, x, Level::new(1.0, sigma), Level::new(1.0, next));
        prop_assert!((found - expected).abs() < 1e-11 * (1.0 + x.abs() + sigma), "{found} {expected}");
    }

    /// Heun's method for `dx/dt = v(x, t)` on the straight path, from pure noise too; the velocity is what a network
    /// that predicts the flow would output.
    #[test]
    fn heun_flow_is_heun_for_the_flow_ode(
        x in -3.0..3.0f64,
        t in prop_oneof![Just(1.0), 0.1..1.0f64],
        ratio in 0.05..0.99f64,
    ) {
        let next = t * ratio;
        let velocity = |x: f64, t: f64| {
            let at = Level::new(1.0 - t, t);
            let (p, q) = Prediction::Flow.clean(at);
            (mixture().clean(&[x], at)[0] - p * x) / q
        };
        let v = velocity(x, t);
        let predicted = x + (next - t) * v;
        let expected = x + (next - t) * 0.5 * (v + velocity(predicted, next));
        let from = Level::new(1.0 - t, t);
        let to = Level::new(1.0 - next, next);
        let found = step(AnySolver::HeunFlow, x, from, to);
        prop_assert!((found - expected).abs() < 1e-12 * (1.0 + x.abs()) / next, "{found} {expected}");
        if t == 1.0 {
            // Where sigma/alpha is infinite, Heun's step is made in flow time.
            prop_assert_eq!(step(AnySolver::Heun, x, from, to), found);
        }
    }
}

/// Levels may rise: from clean data to the noise it came from (DDIM inversion), and back to the same data.
#[test]
fn encoding_and_decoding_return_to_the_data() {
    let data = mixture();
    let error = |solver: AnySolver, steps: usize| {
        let down = Grid::Uniform.levels(&RectifiedFlow, steps).unwrap();
        let up: Vec<Level> = down.iter().rev().copied().collect();
        let run = |x: f64, levels: &[Level]| {
            Trajectory::new(vec![x], levels.to_vec(), solver, 0.0, &data, &NoNoise).run().unwrap()
                [0]
        };
        [-1.3, -0.8, 0.5, 1.9, 2.6]
            .map(|x| {
                let noise = run(x, &up);
                assert!(noise.abs() < 4.0, "{solver}: {x} became {noise}");
                (run(noise, &down) - x).abs()
            })
            .into_iter()
            .fold(0.0, f64::max)
    };
    for solver in [AnySolver::Euler, AnySolver::Heun, AnySolver::HeunFlow, AnySolver::Dpm2M] {
        let [coarse, fine] = [50, 400].map(|steps| error(solver, steps));
        assert!(fine < 0.5 * coarse && fine < 0.1, "{solver}: {coarse}, then {fine}");
    }
}

/// No solver divides by a scale that is zero, whichever way it goes.
#[test]
fn steps_between_all_kinds_of_levels_are_finite() {
    let levels = [
        Level::NOISE,
        Level::new(0.0, 3.0),
        Level::CLEAN,
        Level::new(0.5, 0.0),
        Level::new(0.6, 0.8),
        Level::new(1.0, 80.0),
        RectifiedFlow.level(0.5),
    ];
    for solver in SOLVERS {
        for from in levels {
            for to in levels {
                let noise = |_: usize| Ok(vec![0.4]);
                let data = mixture();
                let run =
                    Trajectory::new(vec![0.7], vec![from, to, to], solver, 0.5, &data, &noise);
                let end = run.run().unwrap()[0];
                assert!(end.is_finite(), "{solver} from {from:?} to {to:?}: {end}");
            }
        }
    }
}

#[test]
fn names_and_serde_round_trip() {
    for solver in SOLVERS {
        let name = solver.to_string();
        assert!(AnySolver::NAMES.contains(&name.as_str()));
        assert_eq!(name.parse::<AnySolver>().unwrap(), solver);
        // Configurations use the same names as the command line.
        assert_eq!(serde_json::to_string(&solver).unwrap(), format!("{name:?}"));
        assert_eq!(serde_json::from_str::<AnySolver>(&format!("{name:?}")).unwrap(), solver);
        assert!(solver.description().starts_with("order"), "{name}");
    }
    for name in AnySolver::NAMES {
        assert!(name.parse::<AnySolver>().is_ok(), "{name}");
    }
    assert_eq!("ddim".parse::<AnySolver>(), Ok(AnySolver::Euler));
    assert_eq!("ddpm".parse::<AnySolver>(), Ok(AnySolver::Ancestral));
    let error = "dpm2m".parse::<AnySolver>().unwrap_err().to_string();
    assert!(error.contains("\"dpm2m\"") && error.contains("dpm-2m"), "{error}");
}

/// Denoisers are closures, mixtures and references to either.
#[test]
fn closures_are_denoisers() {
    let constant = |x: &f64, at: Level| Ok(x * at.alpha);
    let denoiser: &dyn Denoiser<f64> = &constant;
    assert_eq!(denoiser.denoise(&2.0, Level::new(0.5, 0.5)), Ok(1.0));
}
