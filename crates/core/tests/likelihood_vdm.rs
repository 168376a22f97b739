//! The continuous bound: on a mixture with its exact denoiser it is the true density, whatever the schedule.

use std::f64::consts::{FRAC_PI_2, TAU};

use langevin_core::likelihood::VdmBound;
use langevin_core::{Cosine, Edm, GaussianMixture, Level, RectifiedFlow, Schedule, Ve};

fn mixture() -> GaussianMixture {
    GaussianMixture::new(vec![0.3, 0.7], vec![vec![-1.0], vec![0.8]], vec![vec![0.4], vec![0.3]])
        .unwrap()
}

/// `E f(noise)` by even sums, which are exact to rounding for smooth functions.
fn over_noise(f: impl Fn(f64) -> f64) -> f64 {
    let h = 0.1;
    (-90..=90).map(|k| f64::from(k) * h).map(|n| h * f(n) * (-0.5 * n * n).exp() / TAU.sqrt()).sum()
}

/// `∫ f` with both ends and their derivatives flattened by `t = (1 − cos πs)/2`-like substitution, `parts` midpoints.
fn over_time((from, to): (f64, f64), parts: usize, f: impl Fn(f64) -> f64) -> f64 {
    let h = 1.0 / parts as f64;
    (0..parts)
        .map(|k| (k as f64 + 0.5) * h)
        .map(|s| {
            let angle = FRAC_PI_2 * s;
            let (t, rate) =
                (from + (to - from) * angle.sin().powi(2), (2.0 * angle).sin() * FRAC_PI_2);
            h * (to - from) * rate * f(t)
        })
        .sum()
}

fn bound(schedule: &dyn Schedule, ends: (f64, f64), x: f64) -> f64 {
    let data = mixture();
    let level = |ratio: f64| Level::new(1.0, ratio);
    let bound = VdmBound::new(schedule, &data, level(ends.0), level(ends.1)).unwrap();
    let clean = vec![x];
    let loss = |t: f64| over_noise(|n| bound.loss_at(t, &clean, &vec![n]).unwrap()[0]);
    let reconstruction = over_noise(|n| bound.reconstruction(&clean, &vec![n]).unwrap()[0]);
    bound.prior(&clean).unwrap()[0] + over_time(bound.times(), 3000, loss) + reconstruction
}

/// Between a small and a large `sigma/alpha` the sum of all terms is `−ln p`, but for the decoder: it takes the density of
/// the data for even around the first level, so the difference is `E[ln p(clean) − ln p(z_0/alpha_0)]`.
#[test]
fn the_bound_is_the_density_for_an_exact_denoiser() {
    let data = mixture();
    for x in [-1.3, 0.0, 0.7, 1.5] {
        for ratio in [0.003, 0.03] {
            let log = data.log_density(&[x], Level::CLEAN);
            let seen = |n: f64| data.log_density(&[x + ratio * n], Level::new(1.0, ratio));
            let expected = over_noise(|n| log - seen(n)) - log;
            let found = bound(&RectifiedFlow, (ratio, 1e3), x);
            // The prior is unit noise but for 1e-3 of data, and time is summed in 3000 parts.
            assert!((found - expected).abs() < 2e-5, "{x} from {ratio}: {found}, not {expected}");
        }
    }
}

/// Schedules of quite different shapes give the same number between the same levels.
#[test]
fn the_bound_does_not_depend_on_the_schedules_shape() {
    let ends = (0.02, 40.0);
    let ve = Ve::new(0.02, 40.0).unwrap();
    let edm = Edm::new(0.02, 40.0).unwrap();
    let schedules: [&dyn Schedule; 4] = [&RectifiedFlow, &Cosine, &ve, &edm];
    for x in [-0.9, 0.2] {
        let all = schedules.map(|schedule| bound(schedule, ends, x));
        for (found, schedule) in all.iter().zip(schedules) {
            assert!((found - all[0]).abs() < 1e-5, "{schedule:?} at {x}: {found}, not {}", all[0]);
        }
    }
}

/// For one Gaussian the integral is known: `∫ du/(1 + e^{2u}/S²)` between the logarithms of the ends' `sigma/alpha`.
#[test]
fn one_gaussian_has_a_closed_form() {
    let std = 0.5;
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![std]]).unwrap();
    let ends = (Level::new(1.0, 0.1), Level::new(1.0, 10.0));
    let bound = VdmBound::new(&RectifiedFlow, &data, ends.0, ends.1).unwrap();
    // Over data of this spread E clean² = std²; the loss is quadratic, so the numbers ±std and noises ±1 give its mean.
    let mean = |t: f64| {
        let one = |x: f64, n: f64| bound.loss_at(t, &vec![x * std], &vec![n]).unwrap()[0];
        0.25 * (one(1.0, 1.0) + one(1.0, -1.0) + one(-1.0, 1.0) + one(-1.0, -1.0))
    };
    let found = over_time(bound.times(), 4000, mean);
    let primitive = |ratio: f64| -0.5 * (1.0 + std * std / (ratio * ratio)).ln();
    let expected = primitive(10.0) - primitive(0.1);
    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    let mean = |gamma: f64| {
        let one =
            |x: f64, n: f64| bound.loss_over_gamma(gamma, &vec![x * std], &vec![n]).unwrap()[0];
        0.25 * (one(1.0, 1.0) + one(1.0, -1.0) + one(-1.0, 1.0) + one(-1.0, -1.0))
    };
    let found = over_time(bound.gammas(), 400, mean);
    assert!((found - expected).abs() < 1e-5, "over γ {found} {expected}");
}

/// Discrete data whose first level is far below the spacing are read without loss; at a level far above it nothing is known.
#[test]
fn discrete_reconstruction_runs_from_nothing_to_everything() {
    let data = mixture();
    let bound = |ratio: f64| {
        let first = Level::new(1.0, ratio);
        VdmBound::new(&RectifiedFlow, &data, first, Level::new(1.0, 1e6)).unwrap()
    };
    let clean = vec![2.0 * 3.0 / 7.0 - 1.0, 1.0];
    let noise = vec![0.7, -0.4];
    let near = bound(1e-3).discrete_reconstruction(&clean, &noise, 8).unwrap()[0];
    assert!(near.abs() < 1e-9, "{near}");
    let far = bound(1e4).discrete_reconstruction(&clean, &noise, 8).unwrap()[0];
    assert!((far - 2.0 * 8.0_f64.ln()).abs() < 1e-3, "{far}");
}

#[test]
fn hostile_ends_are_refused() {
    let data = mixture();
    let at = |ratio: f64| Level::new(1.0, ratio);
    assert!(VdmBound::new(&RectifiedFlow, &data, at(1.0), at(0.5)).is_err());
    assert!(VdmBound::new(&RectifiedFlow, &data, Level::CLEAN, at(0.5)).is_err());
    assert!(VdmBound::new(&RectifiedFlow, &data, at(1.0), Level::NOISE).is_err());
}
