//! The oracle itself: a mixture's density, score, denoiser and draws against integrals and differences that do not use
//! its formulae, and parameters that must be refused.

use langevin_core::rng::Philox;
use langevin_core::{Denoiser, Error, GaussianMixture, Level};
use proptest::prelude::*;

fn mixture() -> GaussianMixture {
    // Weights need not add up to 1.
    let means = vec![vec![-1.0], vec![0.5], vec![2.0]];
    GaussianMixture::new(vec![1.0, 2.0, 1.0], means, vec![vec![0.3], vec![0.6], vec![0.2]]).unwrap()
}

/// The density of the clean data, written out.
fn clean_density(clean: f64) -> f64 {
    let normal = |mean: f64, std: f64| {
        (-0.5 * ((clean - mean) / std).powi(2)).exp() / (std * std::f64::consts::TAU.sqrt())
    };
    0.25 * normal(-1.0, 0.3) + 0.5 * normal(0.5, 0.6) + 0.25 * normal(2.0, 0.2)
}

/// `∫ f(clean) · p(clean) · N(x; alpha · clean, sigma²) d clean`: even sums of a smooth function that vanishes at the
/// ends are exact to rounding. Where the density is above 1e-12 the posterior's mean is within 0.5 ± 0.6 · 7.5, so that
/// ±12 is more than ten of its standard deviations (at most 0.6) away.
fn integral(x: f64, at: Level, f: impl Fn(f64) -> f64) -> f64 {
    const PARTS: usize = 8000;
    let h = 24.0 / PARTS as f64;
    (0..=PARTS)
        .map(|k| {
            let clean = -12.0 + k as f64 * h;
            let noise = (x - at.alpha * clean) / at.sigma;
            let likelihood =
                (-0.5 * noise * noise).exp() / (at.sigma * std::f64::consts::TAU.sqrt());
            h * f(clean) * clean_density(clean) * likelihood
        })
        .sum()
}

proptest! {
    #[test]
    fn density_and_denoiser_are_their_integrals(
        alpha in prop_oneof![Just(0.0), 0.1..2.0f64],
        sigma in 0.1..5.0f64,
        x in -4.0..4.0f64,
    ) {
        let at = Level::new(alpha, sigma);
        let data = mixture();
        let density = integral(x, at, |_| 1.0);
        prop_assume!(density > 1e-12);
        prop_assert!((data.log_density(&[x], at).exp() / density - 1.0).abs() < 1e-9);
        let clean = integral(x, at, |clean| clean) / density;
        prop_assert!((data.clean(&[x], at)[0] - clean).abs() < 1e-9);
    }

    #[test]
    fn score_is_the_slope_of_the_log_density(
        alpha in prop_oneof![Just(0.0), 0.1..2.0f64],
        sigma in prop_oneof![Just(0.0), 0.1..5.0f64],
        x in -4.0..4.0f64,
    ) {
        prop_assume!(alpha + sigma > 0.0);
        let (at, h) = (Level::new(alpha, sigma), 1e-5);
        let data = mixture();
        let slope = (data.log_density(&[x + h], at) - data.log_density(&[x - h], at)) / (2.0 * h);
        let score = data.score(&[x], at)[0];
        prop_assert!((score - slope).abs() < 1e-4 * (1.0 + score.abs() + score * score), "{score} {slope}");
    }

    /// Tweedie's formula: `E[clean | x] = (x + sigma² · score)/alpha`.
    #[test]
    fn denoiser_and_score_agree(alpha in 0.1..2.0f64, sigma in 0.01..5.0f64, x in -4.0..4.0f64) {
        let at = Level::new(alpha, sigma);
        let data = mixture();
        let tweedie = (x + sigma * sigma * data.score(&[x], at)[0]) / alpha;
        prop_assert!((data.clean(&[x], at)[0] - tweedie).abs() < 1e-11);
    }
}

#[test]
fn the_denoiser_is_finite_at_both_ends() {
    let data = mixture();
    assert_eq!(data.clean(&[0.7], Level::CLEAN), [0.7]);
    let mean = -0.25 + 0.5 * 0.5 + 0.25 * 2.0;
    for x in [-1e3, 0.0, 0.7, 1e3] {
        // The shares are exponentials of logs up to x²/2 = 5e5, which double precision holds to 1e-10.
        assert!((data.clean(&[x], Level::NOISE)[0] - mean).abs() < 1e-9);
    }
    // Far from all data the nearest component decides, without overflow.
    let far = data.clean(&[1e6], Level::new(1.0, 1e-3))[0];
    assert!(far.is_finite() && (far / 1e6 - 1.0).abs() < 0.01, "{far}");
}

#[test]
fn draws_have_the_datas_moments() {
    let data = mixture();
    let mut random = Philox::new(1, 2, 3);
    let n = 40_000;
    let draws: Vec<f64> = (0..n).map(|_| data.draw(&mut random)[0]).collect();
    let level = Level::CLEAN;
    let moment = |power: i32| {
        let h = 12.0 / 4000.0;
        (0..=4000)
            .map(|k| -6.0 + f64::from(k) * h)
            .map(|x| h * x.powi(power) * data.log_density(&[x], level).exp())
            .sum::<f64>()
    };
    for power in [1, 2, 3] {
        let found = draws.iter().map(|x| x.powi(power)).sum::<f64>() / f64::from(n);
        let error = ((moment(2 * power) - moment(power).powi(2)) / f64::from(n)).sqrt();
        assert!((found - moment(power)).abs() < 5.0 * error, "moment {power}: {found}");
    }
}

#[test]
fn states_of_another_dimension_are_errors() {
    let error = mixture().denoise(&vec![0.0, 1.0], Level::NOISE).unwrap_err();
    assert_eq!(error, Error::Shapes(2, 1));
}

#[test]
fn hostile_parameters_are_refused() {
    let one = || vec![vec![0.0]];
    let nan = f64::NAN;
    let cases = [
        (vec![], vec![], vec![], "number of weights"),
        (vec![1.0, 1.0], one(), one(), "number of weights"),
        (vec![1.0], vec![vec![]], vec![vec![]], "dimension"),
        (vec![1.0], vec![vec![0.0, 1.0]], one(), "dimension"),
        (vec![0.0], one(), one(), "weight"),
        (vec![-1.0], one(), one(), "weight"),
        (vec![f64::MAX, f64::MAX], vec![vec![0.0]; 2], vec![vec![1.0]; 2], "sum of the weights"),
        (vec![1.0], vec![vec![nan]], one(), "mean"),
        (vec![1.0], one(), vec![vec![-0.5]], "std"),
        (vec![1.0], one(), vec![vec![f64::INFINITY]], "std"),
    ];
    for (weights, means, stds, name) in cases {
        let error = GaussianMixture::new(weights, means, stds).unwrap_err().to_string();
        assert!(error.starts_with(name), "{error}");
    }
}
